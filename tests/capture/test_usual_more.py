"""Whole connections through the recorder, with the fast lane and without it: the same lines, the same secrets withheld."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.capture import recorder
from asgi_inspect.capture.connection import Recorder, Rules
from asgi_inspect.capture.recorder import LayerRecorder
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from tests.capture.recording import Kept
from tests.capture.test_usual import usual_http_scope, websocket_scope
from tests.traps import CALLS, trapped

SECRETS = ("hunter2-hunter2", "tok3nvalue77", "Abcdef0123456789Zx")  # few, so that they come again
KEY = b"key of the tests"
TIMES = frozenset({"conn", "at", "t_us", "wait_us"})
LANES = ("usual_scope", "usual_receive", "usual_send")


def nowhere(*args: object) -> None:
    """In place of a lane: the general way does it all."""


def told(scope: Any, talk: list[Any], limit: int | None, redaction: Redaction | None, *, fast: bool) -> list[Any]:
    """What the lines of a connection tell, times aside; `talk`: messages, and what is done to the layer in between."""
    sink = Kept()
    with pytest.MonkeyPatch.context() as patch:
        for lane in LANES if not fast else ():
            patch.setattr(recorder, lane, nowhere)
        layer = LayerRecorder(Recorder(sink, scope), scope, limit, None, Rules(redaction))
        layer.scope(None, None)
        for step in talk:
            if callable(step):
                step(layer)
            elif step["type"] in ("http.request", "websocket.receive"):
                layer.received(0, step)
            else:
                layer.sends(step)
        layer.end(None)
    return [{key: value for key, value in record.items() if key not in TIMES} for record in sink.objects]


def withheld(*names: str, ask: Any = None) -> Redaction:
    return Redaction(Names(names, ask=ask), KEY)


def both(
    scope: Callable[[], Any], talk: list[Any], *, limit: int | None = 65_536, before: Callable[[Redaction], object] = id
) -> list[Any]:
    """What is told, which is the same either way; `before`: what other connections did, with the same rules."""
    found = []
    for fast in (True, False):
        redaction = withheld()
        before(redaction)
        found.append(told(scope(), talk, limit, redaction, fast=fast))
    assert found[0] == found[1]
    return found[0]


def start(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


def body(octets: bytes, **more: Any) -> dict[str, Any]:
    return {"type": "http.response.body", "body": octets, **more}


PLAIN = start((b"content-type", b"text/plain"))

# --- any connection ------------------------------------------------------------------------------------------------------

secrets = st.sampled_from(SECRETS)
texts = st.one_of(
    st.sampled_from(["", "Hello, world!", "{}", '{"id":1}', "茶"]),
    secrets,
    st.builds("quiet words {}".format, secrets),
    st.builds('{{"password":"{}","id":1}}'.format, secrets),
    st.builds(' [{{"token" : "{}"}}]'.format, secrets),
    st.builds("password={}&a=1".format, secrets),
    st.builds('--xx\r\ncontent-disposition: form-data; name="pin"\r\n\r\n{}\r\n--xx--\r\n'.format, secrets),
)
TYPES = [
    "text/plain", "text/html", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=xx",
    "text/event-stream", "text/plain; charset=utf-16", "application/octet-stream", "",
]  # fmt: skip
pairs = st.one_of(
    st.tuples(st.sampled_from([b"content-type", b"Content-Type"]), st.sampled_from(TYPES).map(str.encode)),
    st.tuples(st.just(b"content-encoding"), st.sampled_from([b"gzip", b"identity"])),
    st.tuples(st.just(b"cookie"), st.builds("sid={}; lang=en".format, secrets).map(str.encode)),
    st.tuples(st.just(b"authorization"), st.builds("Bearer {}".format, secrets).map(str.encode)),
    st.tuples(st.sampled_from([b"x-api-key", b"accept", b"x"]), st.one_of(secrets.map(str.encode), st.just(b"\xff"))),
)
headers = st.lists(pairs, max_size=4)


@st.composite
def scopes(draw: st.DrawFn, websocket: bool) -> dict[str, Any]:
    scope = {**(websocket_scope() if websocket else usual_http_scope()), "headers": draw(headers)}
    secret = draw(secrets)
    scope["query_string"] = draw(
        st.sampled_from([b"", b"q=tea", b"token=" + secret.encode(), b"code=%b" % secret.encode()])
    )
    scope["path"] = draw(st.sampled_from(["/", "/login", "/ä", f"/reset/{secret}"]))
    scope["raw_path"] = scope["path"].encode()
    scope["state"] = draw(st.sampled_from([{}, {"note": f"saw {secret}"}]))
    if draw(st.booleans()):
        scope["app"] = draw(st.sampled_from([1, secret]))  # as inside of a framework
    order = draw(st.one_of(st.just(list(scope)), st.permutations(list(scope))))
    return {key: scope[key] for key in order}


@st.composite
def talks(draw: st.DrawFn, websocket: bool) -> list[Any]:
    talk: list[Any] = []
    if websocket:
        for text, type_ in draw(
            st.lists(st.tuples(texts, st.sampled_from(["websocket.receive", "websocket.send"])), max_size=4)
        ):
            talk.append({"type": type_, "text": text})
        return talk
    for type_ in ("http.request", "http.response.body"):
        if type_ == "http.response.body":
            talk.append(start(*draw(headers)))
        octets = draw(st.one_of(texts.map(str.encode), texts.map(lambda text: gzip.compress(text.encode(), mtime=0))))
        cuts = sorted(draw(st.lists(st.integers(0, len(octets)), max_size=2)))
        for at, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
            talk.append({"type": type_, "body": octets[at:end], "more_body": end < len(octets)})
    talk.append(body(draw(texts).encode()))
    at = draw(st.integers(0, len(talk)))
    if draw(st.booleans()):
        talk.insert(
            at, draw(st.sampled_from([lambda layer: layer.lower(5), lambda layer: layer.withhold(withheld("note"))]))
        )
    return talk


@st.composite
def connections(draw: st.DrawFn) -> tuple[dict[str, Any], list[Any]]:
    websocket = draw(st.booleans())
    return draw(scopes(websocket)), draw(talks(websocket))


WARM = {True: withheld(), False: withheld()}  # what one connection was found to have is known to the next


@settings(max_examples=200, deadline=None)
@given(connection=connections(), limit=st.sampled_from([65_536, 65_536, None, 0, 20]))
def test_either_way_tells_the_same(connection: Any, limit: int | None) -> None:
    scope, talk = connection
    fast, slow = [told({**scope}, talk, limit, WARM[lane], fast=lane) for lane in (True, False)]
    assert fast == slow


# --- one by one ----------------------------------------------------------------------------------------------------------


def test_what_a_url_had_is_not_written_in_the_state() -> None:
    """Servers give the state, which may have something of a connection before, behind the query string."""
    state = {"last": f"saw {SECRETS[0]}"}
    found = both(
        lambda: {
            **usual_http_scope(),
            "query_string": b"token=" + SECRETS[0].encode(),
            "state": state,
            "extensions": {},
        },
        [],
    )
    assert SECRETS[0] not in str(found)


@pytest.mark.parametrize("more", [{}, {"app": 1}, {"path": "/ä"}], ids=["usual", "a key more", "not ASCII"])
def test_what_stands_in_a_url_and_in_a_cookie_is_looked_for_in_bodies(more: Any) -> None:
    """A short cookie alone is not: what counts is where it stood first."""
    secret = SECRETS[1].encode()
    scope = {
        **usual_http_scope(),
        "query_string": b"token=" + secret,
        "headers": [(b"cookie", b"sid=" + secret)],
        **more,
    }
    scope["headers"] = scope.pop("headers")
    found = both(lambda: {**scope}, [PLAIN, body(b"you said %b?" % secret)])
    assert SECRETS[1] not in str(found)


def test_of_many_secrets_the_same_are_remembered() -> None:
    cookies = "; ".join(f"c{i}=cookievalue{i:04}abcdef" for i in range(32)).encode()
    scope = {**usual_http_scope(), "query_string": b"token=querysecret1234567"}
    del scope["headers"]
    scope["headers"] = [(b"cookie", cookies)]
    found = both(lambda: {**scope}, [PLAIN, body(b"you sent cookievalue0000abcdef")])
    assert "cookievalue0000abcdef" not in str(found)


def after_many_names(*pairs: tuple[bytes, bytes]) -> Callable[[Redaction], object]:
    """What anybody may send: more names of headers than are remembered, and then these."""
    names = [(b"h%d" % number, b"1") for number in range(2000)]
    return lambda redaction: [
        told({**usual_http_scope(), "headers": some}, [], None, redaction, fast=True) for some in (names, list(pairs))
    ]


@pytest.mark.parametrize("name", ["multipart", "gzip"])
def test_the_type_of_a_body_is_known_however_many_headers_there_were(name: str) -> None:
    octets = b'--xx\r\ncontent-disposition: form-data; name="pin"\r\n\r\nhunter2-hunter2\r\n--xx--\r\n'
    pairs = [(b"content-type", b"multipart/form-data; boundary=xx")]
    if name == "gzip":
        octets = gzip.compress(b'{"password":"hunter2-hunter2"}', mtime=0)
        pairs = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
    request = {"type": "http.request", "body": octets, "more_body": False}
    found = both(lambda: {**usual_http_scope(), "headers": pairs}, [request], before=after_many_names(*pairs))
    assert "$redacted" in str(found[1])
    assert "hunter2" not in str(found[1])


def test_a_redactor_that_is_switched_off_later_withholds_quiet_words_too() -> None:
    def slow(place: str, name: str) -> None:
        inside.names._off = True  # as one that took too long

    inside = withheld(ask=slow)
    talk = [
        lambda layer: layer.withhold(inside),
        {"type": "websocket.send", "text": '{"id":1}'},
        {"type": "websocket.receive", "text": "quiet words"},
    ]
    found = told(websocket_scope(), talk, None, withheld(), fast=True)
    assert "quiet words" not in str(found)


def test_a_stream_of_events_with_two_types_has_the_limit_for_each() -> None:
    both(
        usual_http_scope,
        [
            start((b"content-type", b"text/event-stream"), (b"content-type", b"text/plain")),
            *[body(b"data: 123456\n\n", more_body=True)] * 3,
        ],
        limit=20,
    )


def test_a_key_that_took_the_place_of_another_is_told() -> None:
    def change(layer: LayerRecorder) -> None:
        scope = layer._scope
        (name, value), last = list(scope.items())[-2], scope.popitem()
        del scope[name]
        scope["other"], scope[last[0]] = value, last[1]

    assert both(usual_http_scope, [change])[-1]["scope_changes"] == ["other"]


@pytest.mark.parametrize("place", ["path", "root_path", "scheme", "spec_version"])
def test_no_text_of_another_class_is_asked(place: str) -> None:
    scope = {**usual_http_scope(), "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": {}}
    (scope["asgi"] if place == "spec_version" else scope)[place] = trapped(str)("/x")
    CALLS.clear()
    told(scope, [], None, withheld(), fast=True)
    assert not CALLS


class _Key(str):
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CALLS.append("__eq__")
        return str.__eq__(self, other)


@pytest.mark.parametrize("name", ["path", "raw_path", "headers", "client", "state", "extensions", "method"])
def test_no_key_of_another_class_is_asked(name: str) -> None:
    scope = {_Key(key) if key == name else key: value for key, value in usual_http_scope().items()}
    CALLS.clear()
    told(scope, [], None, withheld(), fast=True)
    assert not CALLS


def test_what_comes_behind_the_end_of_a_body_goes_on_with_it() -> None:
    """No application should, but where one does, the client may well read both."""
    talk = [start((b"content-type", b"text/plain")), body(b"password"), body(b"=hunter2-hunter2")]
    for fast in (False, True):
        assert "hunter2" not in str(told(usual_http_scope(), talk, None, withheld(), fast=fast))


def test_what_comes_behind_a_harmless_body_is_looked_at_whatever_came_in() -> None:
    asked = {"type": "http.request", "body": b"Hello, world!", "more_body": False}
    talk = [asked, start(), body(b"Hello, world!"), body(b'{"password":"hunter2-hunter2","id":1}')]
    assert "hunter2" not in str(
        both(lambda: {**usual_http_scope(), "headers": [(b"content-encoding", b"gzip")]}, talk, limit=None)
    )


def test_a_limit_that_comes_later_holds_for_each_message_of_an_event_stream() -> None:
    stream = [start((b"content-type", b"text/event-stream")), lambda layer: layer.lower(5)]
    *_, second, _ = both(usual_http_scope, [*stream, body(b"Hello, world!"), body(b"Hello, world!")], limit=None)
    head = second["message"]["body"]["$truncated"]["head"]
    assert head["$redacted"]["size"] == 5, "it is kept, though withheld, as it stands behind a gap"
