"""How filters are written: what a text means, how it is printed again, and what is said of a wrong one."""

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.errors import FilterError, UsageError
from asgi_inspect.trace.choosing import Choice
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.filter import Filter, parse_filter
from asgi_inspect.trace.records import EndRecord, ErrorInfo, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.trace.terms import KINDS
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

MEANINGS: list[tuple[str, str]] = [
    ("", ""),
    ("  \t\n ", ""),
    ("status:404", "status:404"),
    ("STATUS:404", "status:404"),
    ("  status:404   path:/a\t-method:GET,HEAD ", "status:404 path:/a -method:GET,HEAD"),
    ("word", "text:word"),
    ("-word", "-text:word"),
    ("one,two", "text:one,two"),
    ('"two words"', 'text:"two words"'),
    ('-"two words"', '-text:"two words"'),
    ('"a:b"', "text:a:b"),
    (r"a\:b", "text:a:b"),
    ("body:a:b", "body:a:b"),
    ("body:'a b'", 'body:"a b"'),
    ("body:don't", 'body:"don\'t"'),
    ("body:'a','b c'", 'body:a,"b c"'),
    (r"body:a\ b", 'body:"a b"'),
    (r"body:a\,b", 'body:"a,b"'),
    (r"body:say\"hi", r'body:"say\"hi"'),
    (r'body:"say \"hi\""', r'body:"say \"hi\""'),
    (r"body:a\*\?\[\\b", r"body:a\*\?\[\\b"),
    (r"body:a\b", "body:ab"),
    ("body:a\\", r"body:a\\"),
    ('path:/a" b"*', 'path:"/a b*"'),
    ("header:accept=a,b", "header:accept=a,accept=b"),
    ("header:accept,x-b", "header:accept,x-b"),
    ('header:x="a b",c', 'header:"x=a b",x=c'),
    ("conn:#17,4711#3", "conn:#17,4711#3"),
    ("since:09:30", "since:09:30"),
]


@pytest.mark.parametrize(("text", "printed"), MEANINGS, ids=[repr(text) for text, _ in MEANINGS])
def test_what_a_text_means(text: str, printed: str) -> None:
    found = parse_filter(text)
    assert str(found) == printed
    assert parse_filter(printed) == found
    assert bool(found) is bool(printed)


def test_several_texts_must_all_hold() -> None:
    assert parse_filter(["status:404", "path:/a -word"]) == parse_filter("status:404 path:/a -word")
    assert parse_filter([]) == Filter() == parse_filter("")
    assert Filter().decide(Connection("p.1"), final=False) is True


WRONG: list[tuple[str, str]] = [
    ("stauts:200", 'unknown term "stauts" at 1: did you mean status?'),
    ("a:b", 'unknown term "a" at 1: there is type, method, path,'),
    ("path:/a  -meth:GET", 'unknown term "meth" at 11: did you mean method?'),
    ("url:/a", 'unknown term "url" at 1: did you mean path?'),
    ("domain:x", 'unknown term "domain" at 1: did you mean host?'),
    ("size:10k", 'unknown term "size" at 1: did you mean larger-than?'),
    ("status-code:200", 'unknown term "status-code" at 1: did you mean status?'),
    ("\x1b[31m:x", 'unknown term "\\x1b[31m" at 1: '),
    (":x", 'unknown term "" at 1: '),
    ("status:", "status has no value at 8: it takes 404, 4xx, 400+"),
    ("path:/a,", "path has no value at 9: "),
    ("path:,/a", "path has no value at 6: "),
    ('path:""', "path has no value at 6: "),
    ("-", "text has no value at 2: "),
    ("status:abc", '"abc" at 8 is no value of status: it takes 404, 4xx, 400+'),
    ("status:200,abc", '"abc" at 12 is no value of status: '),
    ("status:4xx4", '"4xx4" at 8 is no value of status: '),
    ("status:499-400", '"499-400" at 8 is no value of status: '),
    ("status:" + "9" * 9999, "at 8 is no value of status: "),
    ("code:-", '"-" at 6 is no value of code: '),
    ("larger-than:10q", '"10q" at 13 is no value of larger-than: it takes a size such as'),
    ("larger-than:k", '"k" at 13 is no value of larger-than: '),
    ("slower-than:200", '"200" at 13 is no value of slower-than: it takes a duration such as 200ms, 1.5s or 2min.'),
    ("ttfb:soon", '"soon" at 6 is no value of ttfb: '),
    ("outcome:rased", '"rased" at 9 is no value of outcome: did you mean raised?'),
    ("outcome:5", '"5" at 9 is no value of outcome: it takes returned, raised, cancelled, open.'),
    ("since:yesterday", '"yesterday" at 7 is no value of since: it takes 10m (ago), 14:30 (today), '),
    ("since:25:00", '"25:00" at 7 is no value of since: '),
    ("until:2026-13-01", '"2026-13-01" at 7 is no value of until: '),
    ("header:'accept: json'", '"accept: json" at 8 is no value of header: it takes the name'),
    ("header:=x", '"=x" at 8 is no value of header: it takes the name of a header, or NAME=VALUE.'),
    ('body:"x', "the quote at 6 is not closed."),
    ("'x", "the quote at 1 is not closed."),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[text[:30] for text, _ in WRONG])
def test_a_wrong_filter_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FilterError) as wrong:
        parse_filter(text, now=NOW)
    said = str(wrong.value)
    assert sentence in said
    assert said[-1] in ".?"
    assert len(said) < 400
    assert isinstance(wrong.value, UsageError)
    assert isinstance(wrong.value, ValueError)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_examples_of_the_table_are_filters(kind: Any) -> None:
    for example in kind.examples:
        assert [term.name for term in parse_filter(example).terms] == [kind.name]
    for value in kind.words:
        parse_filter(f"{kind.name}:{value}")


LITERALS: list[tuple[str, tuple[str, ...]]] = [
    ("text:deadbeef", ("deadbeef",)),
    ("text:ab", ()),
    ('text:"say \\"hello\\" twice"', (" twice",)),
    ("text:Grüße", ()),
    ("text:fürchterlich", ("rchterlich",)),
    ("-text:deadbeef", ()),
    ("text:deadbeef,cafe", ("deadbeef", "cafe")),
    ("text:deadbeef,xy", ()),
    ("path:/api/*/items", ("/items",)),
    (r"path:/a\*b", ("/a*b",)),
    ("path:*", ()),
    ("path:/a<b>cde", ("cde",)),
    ("error:ValueError", ("ValueError",)),
    ("route:/items/{id}", ("/items/{id}",)),
    ("conn:17", (".17",)),
    ("conn:4711#17", (".17",)),
    ("conn:abcdef012345.17", ("abcdef012345.17",)),
    ("client:10.0.0.7", ("10.0.0.7",)),
    ("client:10.0.0.7:80", ()),
    ("host:example.com", ()),
    ("host:127.0.0.1", ("127.0.0.1", "$base64")),
    ("header:x-name=value", ("value", "$base64")),
    ("header:x-name", ()),
    ("query:page=7", ("page=7", "$base64")),
    ("query:'a b c'", ()),
    ("body:deadbeef", ()),
    ("status:404", ()),
    ("type:websocket", ()),
    ("status:5xx path:/api/* error:KeyError", ("KeyError",)),
    ("text:one,two path:/api/v1", ("/api/v1",)),
]


@pytest.mark.parametrize(("text", "literals"), LITERALS, ids=[text for text, _ in LITERALS])
def test_the_text_that_every_match_holds(text: str, literals: tuple[str, ...]) -> None:
    found = parse_filter(text)
    assert found.literals == literals
    assert found.literal == (literals[0] if len(literals) == 1 else None)


def test_what_must_be_kept() -> None:
    want = parse_filter("body:a,b text:c -text:d message:x status:200").want
    assert (want.bodies, want.texts, want.message_types, want.headers) == (("a", "b"), ("c", "d"), True, True)
    assert parse_filter("host:x").want.headers
    assert not parse_filter("text:x message:y").want.headers
    assert parse_filter("status:200 path:/").want == Filter().want


def test_a_filter_travels_to_other_processes() -> None:
    found = parse_filter('since:10m path:"/a b" -body:x\\*', now=NOW)
    there = pickle.loads(pickle.dumps(found))
    assert there == found
    assert there.now == NOW


# --- laws ---

names = st.sampled_from([kind.name for kind in KINDS])
pieces = st.one_of(
    st.sampled_from(["404", "4xx", "10k", "200ms", "-", "+", ">=", "*", "?", "[a]", '"', "'", "\\", ",", ":", "=", " ", "x"]),
    st.characters(),
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=20),
    st.lists(st.one_of(pieces, names.map(lambda name: f" {name}:"), names.map(lambda name: f" -{name}:"))).map("".join),
)


@given(texts)
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        found = parse_filter(text, now=NOW)
    except FilterError:
        return
    assert parse_filter(str(found), now=NOW) == found
    assert found.decide(Connection("p.1"), final=True) in (True, False)


values = st.sampled_from(
    ["a", "a b", "*", "a*", "[", "[a", "[!a]", "\\", '"', "'", "x=y", "x,y", "#", ".", "ß", "a\nb", "=", "-"]
)


@given(names, st.lists(values, min_size=1, max_size=3), st.booleans())
def test_what_is_quoted_is_read_as_it_was(name: str, given: list[str], negated: bool) -> None:
    written = ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in given)
    try:
        found = parse_filter(f"{'-' if negated else ''}{name}:{written}", now=NOW)
    except FilterError:
        return
    assert parse_filter(str(found), now=NOW) == found
    assert found.terms[0].negated is negated
    assert len(found.terms[0].values) == len(given)


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from([
        Truncated(None), Truncated(99, b"x"), Truncated(9, Foreign("$later", {})), Redacted(8, "f"),
        Parts((b"a", Redacted(8), b"b")), Foreign("$object", "a.B"), Foreign("$cycle", []),
    ]),
)  # fmt: skip
anything = st.recursive(
    odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
keys = st.sampled_from(
    ["type", "path", "method", "headers", "query_string", "client", "status", "body", "text", "bytes", "code"]
)
kinds = st.sampled_from(
    ["http.response.start", "http.response.body", "http.request", "websocket.close", "websocket.send"]
)
messages = anything | st.builds(lambda kind, rest: {**rest, "type": kind}, kinds, st.dictionaries(keys, anything))
pairs = st.lists(
    st.lists(st.one_of(odd, st.sampled_from([b"host", b"content-encoding", b"gzip"])), min_size=2, max_size=2)
)
scopes = anything | st.dictionaries(keys, anything) | pairs.map(lambda headers: {"headers": headers})
numbers = st.integers(0, 2**62)
ends = st.builds(
    EndRecord,
    conn=st.just("p.1"),
    n=numbers,
    t_us=numbers,
    outcome=st.sampled_from(["returned", "raised", "cancelled"]),
    error=st.none() | st.builds(ErrorInfo, type=st.text(max_size=5), bases=st.lists(st.text(max_size=3), max_size=2)),
    route=st.none() | st.text(max_size=5),
)
records = st.lists(
    st.one_of(
        st.builds(
            ScopeRecord, conn=st.just("p.1"), at=st.text(max_size=5) | st.just("9999-12-31T23:59:59Z"), scope=scopes
        ),
        st.builds(ReceiveRecord, conn=st.just("p.1"), n=numbers, t_us=numbers, wait_us=numbers, message=messages),
        st.builds(SendRecord, conn=st.just("p.1"), n=numbers, t_us=numbers, message=messages),
        ends,
    ),
    max_size=6,
)
ALL_TERMS = parse_filter(
    "type:h* method:G* path:/* query:a query:'b c' host:* client:* route:* error:* message:* header:*=* header:x=a "
    "body:ab text:cd since:1d until:1h outcome:open conn:p.1 conn:1#1 proc:1 status:200 code:1000 larger-than:1 "
    "slower-than:1s ttfb:1s",
    now=NOW,
)


@given(records, st.booleans())
def test_no_connection_makes_a_term_raise(found: list[Any], keep_events: bool) -> None:
    """Whatever it holds; a negated term says the contrary, at the end at the latest; and `final` decides all."""
    connection = Connection("p.1", keep_events=keep_events, want=None if keep_events else ALL_TERMS.want)
    for record in found:
        connection.feed(record)
    for term in ALL_TERMS.terms:
        positive, negative = Filter((term,)), parse_filter(f"-{term}", now=NOW)
        assert positive.decide(connection, final=True) is not negative.decide(connection, final=True)
        early = positive.decide(connection, final=False)
        assert early in (True, False, None)
        assert Choice(only=[positive], ignore=[negative]).decide(connection, final=True) in (True, False)
        for event in connection.events:
            if isinstance(event, ReceiveRecord | SendRecord):
                message = connection.message_of(event)
                one = positive.decide_message(connection, event, message)
                assert one is not negative.decide_message(connection, event, message)


@given(records)
def test_what_is_gathered_meanwhile_is_what_is_found_afterwards(found: list[Any]) -> None:
    """A connection without events, told what is asked of it, decides as the one that keeps them."""
    in_order = sorted(found, key=lambda record: getattr(record, "n", -1))
    kept, gathered = Connection("p.1"), Connection("p.1", keep_events=False, want=ALL_TERMS.want)
    for record in in_order:
        kept.feed(record)
        gathered.feed(record)
    for term in ALL_TERMS.terms:
        assert Filter((term,)).decide(kept, final=True) is Filter((term,)).decide(gathered, final=True), term
