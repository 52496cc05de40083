"""Bodies put together again: from real servers, and from records that hold everything that must not happen."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from asgi_inspect.trace.body import Piece, WholeBody, body_of, response_start, socket_messages
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import ReceiveRecord, SendRecord
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.bodies import CODERS, EVENTS, PLAIN, PNG, SERVERS, ask_for_everything, at_path, connections_of, served
from tests.render.talk import Talk, body, http_scope, request, start, websocket_scope
from tests.render.test_render_properties import HEADERS, MESSAGE, SCOPE, TIMES, VALUES


@pytest.fixture(scope="module", params=[*SERVERS])
def fold(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fold:
    """Everything that a real server and the application exchanged."""
    file: Path = tmp_path_factory.mktemp("bodies") / "trace.jsonl"
    with served(request.param, file) as port:
        ask_for_everything(port)
    return connections_of(file)


@pytest.mark.parametrize("coding", [*CODERS])
def test_a_coded_response_comes_back_as_it_was_before(fold: Fold, coding: str) -> None:
    found = body_of(at_path(fold, f"/coded/{coding.replace(', ', '+')}"), "response")
    assert found.data == PLAIN
    assert found.wire == CODERS[coding](PLAIN)
    assert (found.size, found.coding, found.content_type) == (len(found.wire), coding, "application/json")
    assert (found.whole, found.ended, found.cut, found.trouble, found.notes) == (True, True, False, None, [])
    assert [piece.size for piece in found.pieces] == [len(found.wire) // 2, (len(found.wire) + 1) // 2]
    assert sum(piece.decoded for piece in found.pieces) == len(PLAIN)


def test_a_coded_request_comes_back_as_it_was_before(fold: Fold) -> None:
    found = body_of(at_path(fold, "/coded-request", "POST"), "request")
    assert (found.data, found.coding, found.whole) == (PLAIN, "gzip", True)


def test_a_request_with_files_comes_back_whole(fold: Fold) -> None:
    found = body_of(at_path(fold, "/upload", "POST"), "request")
    assert PNG in found.data
    assert (found.size, found.whole) == (len(found.data), True)
    assert (found.content_type or "").startswith("multipart/form-data; boundary=")


def test_a_stream_keeps_the_times_of_its_pieces(fold: Fold) -> None:
    connection = at_path(fold, "/events")
    found = body_of(connection, "response")
    assert found.data == b"".join(EVENTS)
    assert [(piece.size, piece.decoded) for piece in found.pieces] == [(len(chunk), len(chunk)) for chunk in EVENTS]
    times = [piece.t_us for piece in found.pieces]
    assert times == sorted(times)
    assert times[0] >= (connection.answered_us or 0)


def test_a_get_has_an_empty_body_and_nothing_is_missing(fold: Fold) -> None:
    found = body_of(at_path(fold, "/png"), "request")
    assert (found.data, found.size, found.whole, found.notes) == (b"", 0, True, [])


def test_what_the_client_of_a_head_does_not_get_is_said(fold: Fold) -> None:
    found = body_of(at_path(fold, "/png", "HEAD"), "response")
    assert found.data == PNG
    assert found.notes == ["the client gets none of it: the method is HEAD"]


def test_a_response_without_an_end_says_so(fold: Fold) -> None:
    found = body_of(at_path(fold, "/raise"), "response")
    assert (found.ended, found.whole, found.notes) == (False, False, ["its end was not sent"])


def test_the_messages_of_a_websocket_stay_apart(fold: Fold) -> None:
    messages = list(socket_messages(at_path(fold, "/talk")))
    told = [(message.sender, message.kind, message.data, message.size) for message in messages]
    assert told == [
        ("client", "text", b"hello", 5),
        ("application", "text", b'{"you said": "hello"}', 21),
        ("application", "bytes", b"\x00\xff", 2),
        ("client", "text", "茶".encode(), 3),
        ("application", "text", '{"you said": "茶"}'.encode(), 19),
        ("application", "bytes", b"\x00\xff", 2),
        ("client", "text", b"bye", 3),
    ]
    assert [message.t_us for message in messages] == sorted(message.t_us for message in messages)
    assert body_of(at_path(fold, "/talk"), "request").whole


# --- what the trace does not hold ------------------------------------------------------------------------------------------


def connection_of(talk: Talk, *, without: tuple[int, ...] = ()) -> Connection:
    connection = Connection(talk.conn)
    for record in talk.records:
        if getattr(record, "n", 0) not in without:
            connection.feed(record)  # type: ignore[arg-type]
    return connection


def answered(*messages: Any, without: tuple[int, ...] = (), **scope: Any) -> WholeBody:
    talk = Talk(1, http_scope(**scope))
    for t_us, message in enumerate(messages):
        talk.send(t_us, message)
    return body_of(connection_of(talk, without=without), "response")


CODED = [b"content-encoding", b"gzip"]
GZIPPED = CODERS["gzip"](PLAIN)


def test_a_truncated_body_tells_its_true_size() -> None:
    found = answered(start(), body(b"abc", True), body(Truncated(100, b"def"), True), body(Truncated(50, b"")))
    assert (found.data, found.size, found.cut, found.whole) == (b"abcdef", 153, True, False)
    assert found.notes == ["147 B not kept"]
    assert found.pieces == [Piece(1, 3, 3), Piece(2, 100, 3), Piece(3, 50, 0)]


def test_a_size_that_nobody_counted_is_said() -> None:
    found = answered(start(), body(Truncated(None, b"abc")))
    assert (found.data, found.size, found.cut) == (b"abc", 3, True)
    assert found.notes == ["some of it not kept, nobody knows how much"]


def test_of_a_coded_body_the_kept_beginning_is_decoded() -> None:
    half = len(GZIPPED) // 2
    found = answered(start(200, CODED), body(Truncated(len(GZIPPED), GZIPPED[:half]), True), body(GZIPPED[half:]))
    assert PLAIN.startswith(found.data)
    assert (found.data != b"", found.trouble, found.whole) == (True, None, False)
    assert found.pieces[1].decoded == 0


def test_what_was_withheld_is_marked_in_its_place_and_said() -> None:
    parts = Parts((b'{"password": "', Redacted(7), '"}'))
    found = answered(start(), body(parts, True), body(Redacted(9)))
    assert found.data == b'{"password": "<redacted, 7 B>"}<redacted, 9 B>'
    assert (found.size, found.cut, found.missing, found.withheld) == (32, True, 0, 16)
    assert found.notes == ["16 B redacted"]


def test_why_a_body_was_withheld_is_said_once() -> None:
    parts = Parts((b'{"password": "', Redacted(7, "f", "field"), '"}'))
    whys = ["gzip JSON", "gzip JSON", "charset"]
    found = answered(start(), body(parts, True), *(body(Redacted(9, None, why), True) for why in whys), body(b""))
    assert found.notes == ["34 B redacted (gzip JSON, not in UTF-8)"]
    assert found.data.endswith(b"<redacted, 9 B, charset>")


def test_lost_records_are_said_where_they_may_have_held_some_of_it() -> None:
    messages = start(), body(b"abc", True), body(b"def", True), body(b"ghi")
    found = answered(*messages, without=(3,))
    assert (found.data, found.whole, found.notes) == (
        b"abcghi",
        False,
        ["1 record lost, which may have held some of it"],
    )
    assert "its end was not sent" in answered(*messages, without=(3, 4)).notes
    before = body_of(connection_of(_late_talk(), without=(1,)), "response")
    assert (before.whole, before.notes) == (True, [])


def _late_talk() -> Talk:
    talk = Talk(1, http_scope())
    talk.receive(1, request())
    talk.send(2, start())
    talk.send(3, body(b"abc"))
    return talk


def test_a_lost_middle_of_a_coded_body_is_no_end() -> None:
    third = len(GZIPPED) // 3
    chunks = GZIPPED[:third], GZIPPED[third : 2 * third], GZIPPED[2 * third :]
    found = answered(start(200, CODED), *(body(chunk, n < 2) for n, chunk in enumerate(chunks)), without=(3,))
    assert not found.whole
    assert PLAIN.startswith(found.data[:100])


@pytest.mark.parametrize(
    ("message", "size", "note"),
    [
        ({"type": "http.response.pathsend", "path": "/srv/a.bin"}, 0, "sent by the server from /srv/a.bin, so"),
        ({"type": "http.response.zerocopysend", "file": 3, "count": 99}, 99, "sent by the server from a file, so"),
        ({"type": "http.response.zerocopysend", "file": 3, "count": "x"}, 0, "sent by the server from a file, so"),
    ],
)
def test_a_file_that_the_server_sent_is_no_empty_body(message: Any, size: int, note: str) -> None:
    found = answered(start(200, CODED), message)
    assert (found.data, found.size, found.whole, found.ended, found.trouble) == (b"", size, False, True, None)
    assert found.notes[0].startswith(note)
    assert found.file is not None


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_is_said_where_there_is_one(status: int) -> None:
    assert answered(start(status), body(b"")).notes == []
    assert answered(start(status), body(b"x")).notes == [f"the client gets none of it: the status is {status}"]


def test_a_coding_without_a_body_is_no_trouble() -> None:
    found = answered(start(304, CODED), body(b""))
    assert (found.trouble, found.whole) == (None, True)


def test_codings_of_several_headers_are_undone_in_order() -> None:
    coded = CODERS["gzip, br"](PLAIN)
    found = answered(start(200, CODED, [b"Content-Encoding", b"br"]), body(coded))
    assert (found.data, found.coding) == (PLAIN, "gzip, br")


def test_a_body_that_is_none_is_said() -> None:
    found = answered(start(), body(42, True), body("a str"))
    assert (found.data, found.whole, found.notes) == (b"a str", False, ["a body that is no byte string but int"])


def test_a_body_that_the_application_left_is_said() -> None:
    headers = [[b"content-length", b"9"]]
    talk = Talk(1, http_scope(headers=headers))
    talk.send(2, start())
    found = body_of(connection_of(talk), "request")
    assert (found.whole, found.notes) == (False, ["the application did not receive it"])
    talk.receive(3, request(b"abc", True))
    assert body_of(connection_of(talk), "request").notes == ["not all of it was received"]


def test_messages_of_inner_layers_do_not_count_twice() -> None:
    talk = Talk(1, http_scope())
    inner = talk.send(1, start(), layer=1)
    talk.send(2, same=inner)
    inner = talk.send(3, body(b"abc"), layer=1)
    talk.send(4, UNSET, same=inner)
    found = body_of(connection_of(talk), "response")
    assert (found.data, found.size, found.whole) == (b"abc", 3, True)


def test_the_response_that_refuses_a_websocket_has_a_body() -> None:
    talk = Talk(1, websocket_scope("/x"))
    talk.send(1, {**start(403), "type": "websocket.http.response.start"})
    talk.send(2, {**body(b"no"), "type": "websocket.http.response.body"})
    connection = connection_of(talk)
    assert body_of(connection, "response").data == b"no"
    found = response_start(connection)
    assert found is not None
    assert found[1]["status"] == 403


def test_a_bomb_is_decoded_up_to_the_limit() -> None:
    talk = Talk(1, http_scope())
    talk.send(1, start(200, CODED))
    talk.send(2, body(CODERS["gzip"](bytes(1 << 20))))
    found = body_of(connection_of(talk), "response", limit=1000)
    assert (len(found.data), found.trouble) == (1000, "only the first 1000 B decoded")
    assert not found.whole


RECORDS = st.lists(
    st.one_of(
        st.builds(ReceiveRecord, conn=st.just("p.1"), n=st.integers(1, 9), t_us=TIMES, wait_us=TIMES, message=MESSAGE | VALUES),
        st.builds(SendRecord, conn=st.just("p.1"), n=st.integers(1, 9), t_us=TIMES, message=MESSAGE | VALUES | st.just(UNSET), same=st.none() | st.integers(1, 9)),
        st.builds(
            SendRecord,
            conn=st.just("p.1"),
            n=st.integers(1, 9),
            t_us=TIMES,
            message=st.fixed_dictionaries({
                "type": st.sampled_from(["http.response.start", "http.response.body"]),
                "headers": HEADERS | st.just([CODED]),
                "body": VALUES | st.sampled_from([GZIPPED, GZIPPED[:99], Truncated(9, Foreign("$x", 1)), Truncated(3, Parts((Redacted(None),)))]),
            }),
        ),
    ),
    max_size=8,
)  # fmt: skip


@given(SCOPE | VALUES, RECORDS)
def test_whatever_the_records_hold_there_is_a_body(scope: Any, records: list[Any]) -> None:
    connection = Connection("p.1")
    for record in [Talk(1, scope, proc="p").records[0], *records]:
        connection.feed(record)
    for found in (body_of(connection, "request"), body_of(connection, "response")):
        assert found.size >= 0
        assert len(found.data) == sum(piece.decoded for piece in found.pieces)
    for message in socket_messages(connection):
        assert message.size >= 0
