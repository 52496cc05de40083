"""The laws of every kind, whatever the records hold: nothing raises, and the text is what its readers can read."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.export import Call, Options, exporter, kinds, takes
from asgi_inspect.export._from_har import records as from_har
from asgi_inspect.export._har_file import Archive
from asgi_inspect.text import safe
from asgi_inspect.trace.codec import decode_record, encode_record
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, Record, ScopeRecord, SendRecord, SentRecord
from tests.export import test_chrome_trace, test_har
from tests.render.test_render_properties import (
    BODY_FIELDS,
    ERROR,
    HEADERS,
    LEAVES,
    OCTETS,
    OUTCOME,
    TEXT,
    TIMES,
    VALUES,
)

# One connection of a known type, with headers and messages that exporters look into, and nearly anything in them.
AT = st.sampled_from(
    ["2026-11-23T13:03:22.184500Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0002-01-01T00:00:00"]
)
NAMES = st.sampled_from(
    [b"host", b"content-type", b"content-encoding", b"cookie", b"set-cookie", b"location", b"transfer-encoding", b"x"]
)
SAID = st.sampled_from(
    [
        b"gzip",
        b"localhost:1",
        b"text/plain; charset=utf-16",
        b"multipart/form-data; boundary=x",
        b"application/x-www-form-urlencoded",
        b"a=b; Max-Age=999999999; Expires=x",
        b"a=b; expires=Thu, 01 Jan 0001 00:00:00 +1400",
    ]
)
FOUND = st.lists(st.tuples(NAMES | OCTETS, SAID | OCTETS | LEAVES), max_size=4)
SCOPE = st.fixed_dictionaries(
    {"type": st.sampled_from(["http", "websocket"])},
    optional={
        "method": st.sampled_from(["GET", "POST", "HEAD"]) | TEXT | VALUES,
        "scheme": st.just("https") | TEXT,
        "http_version": st.sampled_from(["1.0", "2", "3"]) | TEXT,
        "path": TEXT | VALUES,
        "raw_path": OCTETS | VALUES,
        "root_path": st.just("/api") | TEXT | VALUES,
        "query_string": OCTETS | VALUES,
        "headers": FOUND,
        "server": st.tuples(st.just("127.0.0.1") | TEXT, st.integers() | st.none()) | VALUES,
        "client": st.tuples(TEXT, st.integers()) | VALUES,
    },
)
TYPES = ["http.request", "http.response.start", "http.response.body", "http.response.trailers"]
MESSAGE = st.fixed_dictionaries(
    {"type": st.sampled_from([*TYPES, *(f"websocket.{kind}" for kind in ("accept", "send", "receive", "close"))])},
    optional={
        **BODY_FIELDS,
        "body": OCTETS | VALUES,
        "status": st.integers(0, 999) | VALUES,
        "headers": HEADERS | FOUND,
    },
)
N = st.integers(1, 9)
CONN = st.just("p.1")
EVENT = st.one_of(
    st.builds(ReceiveRecord, conn=CONN, n=N, t_us=TIMES, wait_us=TIMES, message=MESSAGE),
    st.builds(SendRecord, conn=CONN, n=N, t_us=TIMES, message=MESSAGE),
    st.builds(SentRecord, conn=CONN, n=N, of=N, t_us=TIMES, took_us=TIMES),
    st.builds(EndRecord, conn=CONN, n=N, t_us=TIMES, outcome=OUTCOME, error=st.none() | ERROR),
)
RECORDS: st.SearchStrategy[list[Record]] = st.builds(
    lambda scope, events: [scope, *events],
    st.builds(ScopeRecord, conn=CONN, at=AT, scope=SCOPE),
    st.lists(EVENT, max_size=7),
)


def exported(kind: str, records: list[Record]) -> str:
    fold = Fold()
    for record in records:
        fold.feed(record)
    module = exporter(kind)
    calls = [Call(connection, None) for connection in fold.connections.values() if takes(module, connection)]
    text = "".join(module.export(calls, Options()))
    text.encode("utf-8", "backslashreplace" if kind == "csv" else "strict")
    return text


@settings(max_examples=120, deadline=None)
@given(RECORDS)
def test_har_is_always_har_and_comes_back(records: list[Record]) -> None:
    text = exported("har", records)
    test_har.check(text)
    for record in from_har(Archive(text.encode()), "x.har"):
        assert decode_record(encode_record(record)) is not None


@settings(max_examples=120, deadline=None)
@given(RECORDS)
def test_a_chrome_trace_is_always_one(records: list[Record]) -> None:
    test_chrome_trace.check(json.loads(exported("chrome-trace", records))["traceEvents"])


@settings(max_examples=120, deadline=None)
@given(RECORDS)
def test_csv_has_rows_of_one_length(records: list[Record]) -> None:
    rows = list(csv.reader(io.StringIO(exported("csv", records), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("kind", ["curl", "httpie"])
@settings(max_examples=120, deadline=None)
@given(records=RECORDS)
def test_commands_are_safe_lines(kind: str, records: list[Record]) -> None:
    for line in exported(kind, records).split("\n"):
        assert safe(line) == line
        assert line == "" or line.startswith(("# ", "curl ", "http ", "printf "))


def test_the_kinds_are_those_of_the_folder() -> None:
    assert kinds() == ["chrome-trace", "csv", "curl", "har", "httpie"]
    assert all(exporter(kind).SUMMARY for kind in kinds())
