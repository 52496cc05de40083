"""The columns of lists: what each says of a connection, and what is said of a name that none has."""

from collections.abc import Iterable

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.render.columns import heading, listing, row
from asgi_inspect.trace.columns import KNOWN, columns_of, text_of
from asgi_inspect.trace.facts import Facts
from asgi_inspect.trace.records import Record
from tests.render.talk import JSON, Talk, body, http_scope, process, request, start, websocket_scope
from tests.render.test_table import facts_of


def shop() -> Iterable[Record]:
    scope = http_scope("/tees/grüner tee", "POST", b"a=1&b=%20", [[b"X-Id", b"1"], [b"x-id", b"2\t3\n"]])
    talk = Talk(17, scope)
    talk.receive(100, request(b"four"))
    talk.send(2000, start(201, JSON, [b"x-id", b"4"]))
    talk.send(2100, body(b"{}"))
    return talk.end(3000, route="/tees/{name}", endpoint="main.tea")


def fields(names: str, records: Iterable[Record]) -> list[str]:
    (facts,) = facts_of([process(), *records])
    return row(columns_of(names), facts).removesuffix("\n").split("\t")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("conn,id,proc,pid", ["k3f9a0b2c1d4.17", "4711#17", "k3f9a0b2c1d4", "4711"]),
        ("at,type,method,path", ["2026-11-23T13:03:22.184500Z", "http", "POST", "/tees/grüner tee"]),
        ("query, host , status", ["a=1&b=%20", "127.0.0.1:8000", "201"]),
        ("url", ["http://127.0.0.1:8000/tees/gr%C3%BCner%20tee?a=1&b=%20"]),
        ("answered_us,Duration-US,last_us", ["2000", "3000", "3000"]),
        ("content_type,outcome,error,error_types", ["application/json", "returned", "", ""]),
        ("request_bytes,response_bytes,received,sent", ["4", "2", "1", "2"]),
        ("complete,disconnected,close_code,close_reason,closed_by", ["true", "false", "", "", ""]),
        ("route,endpoint,client,http_version", ["/tees/{name}", "main.tea", "127.0.0.1:52798", "1.1"]),
        ("request-header:x-id", ["1, 2\\t3\\n"]),
        ("response-header:X-ID", ["4"]),
        ("header:X-Id", ["1, 2\\t3\\n, 4"]),
        ("header:nowhere", [""]),
    ],
)
def test_what_the_columns_say(names: str, expected: list[str]) -> None:
    assert fields(names, shop()) == expected


def test_the_time_is_local_with_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert fields("time", shop()) == ["2026-11-23T22:03:22.184+09:00"]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_other_connections() -> None:
    chat = Talk(1, websocket_scope("/chat"))
    chat.send(5, {"type": "websocket.accept"})
    chat.receive(9, {"type": "websocket.disconnect", "code": 1001, "reason": "gone"})
    said = fields("url,accepted,close_code,close_reason,closed_by,duration_us,outcome", chat.records)
    assert said == ["ws://127.0.0.1:8000/chat", "true", "1001", "gone", "client", "", "open"]
    assert fields("url,path,method,host", Talk(1, {"type": "lifespan"}).records) == ["", "", "", ""]


def test_every_column_holds_something_of_everything() -> None:
    for name in KNOWN:
        assert len(fields(name, shop())) == 1
        assert len(fields(name, Talk(1, None).records)) == 1


def test_a_field_is_never_a_border() -> None:
    hostile = fields("path,method,query", Talk(1, http_scope("/\t\n\x1b[31m\u202e", "G\rT", b"\xff\x00\t")).records)
    assert hostile == ["/\\t\\n\\x1b[31m\\u202e", "G\\rT", "\\xff\\x00\\t"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stauts", "did you mean status?"),
        ("duration", "did you mean duration_us?"),
        ("content-typ", "did you mean content_type?"),
        ("header", "did you mean header:NAME?"),
        ("heder:x", "did you mean header:NAME?"),
        ("qqq", "--fields help lists all."),
        ("", "--fields help lists all."),
        ("request-header:", "did you mean request-header:NAME?"),
    ],
)
def test_a_name_that_no_column_has_is_one_sentence(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        columns_of(f"path,{name}")
    assert str(caught.value) == f'there is no field "{name}"; {hint}'


def test_all_facts_are_columns_and_are_listed() -> None:
    facts = {name for name in vars(Facts) if not name.startswith("_")} - {"headers", "holds"}
    assert facts <= set(KNOWN)
    assert [line.split()[0] for line in listing().splitlines()] == [*KNOWN, "header:NAME"]
    assert heading(columns_of("path, STATUS,header:X-Id")) == "path\tstatus\theader:X-Id\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (0, "0"),
        (1 << 300, hex(1 << 300)),
        ({"b", "a"}, "a,b"),
        (["b", "a"], "b,a"),
        (1.5, "1.5"),
    ],
)
def test_any_value_is_text(value: object, text: str) -> None:
    assert text_of(value) == text
