"""Where a talk goes as nearly all do: then no rule need be asked at all, and a million records are judged in seconds.

Each function is given a message that is `usual`, and may say no of what is right, never yes where a rule that is on by default
has a word to say; a test holds that what is found is the same without this.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..protocol.transitions import (
    ACCEPTED,
    BODY,
    CONNECTED,
    CONNECTING,
    DONE,
    IDLE,
    OPENING,
    READ,
    READING,
    RUNNING,
    STARTED,
    WAITING,
)
from .event import Event
from .talk import Talk
from .talks import HttpTalk, WebSocketTalk

_AT_BODY: Final = (STARTED, BODY)
_AT_REQUEST: Final = (WAITING, READING)
_BEFORE_ANSWER: Final = (WAITING, READ)
Plain = Callable[[Any, Event], bool]


def _scope(talk: Talk, event: Event) -> bool:
    process, record = talk.process, event.record
    return (
        not talk.layer
        and not process.state_keys
        and (process.lifespan_phase is None or process.lifespan_phase == RUNNING)
        and record is not None
        and not record.shared  # type: ignore[union-attr]  # it is that of a scope
        and record.mapping is None  # type: ignore[union-attr]  # as above
    )


def _is_alone(talk: Talk, event: Event) -> bool:
    """Whether there is one tap only, both sides are there, and the message is as it was given."""
    record = event.record
    return (
        not (talk.gone or talk.refused or talk.tainted or talk.incomplete or talk.astray or talk.layer or talk.inner)
        and not talk.ended
        and record is not None
        and not record.once  # type: ignore[union-attr]  # it is that of a message
        and record.mapping is None  # type: ignore[union-attr]  # as above
    )


def _is_next(talk: Talk, event: Event) -> bool:
    """Whether no other `receive` was under way."""
    return not talk.concurrent and event.began_us >= talk.last_receive[1] and _is_alone(talk, event)


def _request(talk: HttpTalk, event: Event) -> bool:
    if not _is_next(talk, event) or talk.request_phase not in _AT_REQUEST or talk.phase != IDLE:
        return False
    return not talk.declares_body


def _disconnect(talk: HttpTalk, event: Event) -> bool:
    return _is_next(talk, event) and talk.phase == DONE and talk.request_phase == READ


def _start(talk: HttpTalk, event: Event) -> bool:
    return talk.phase == IDLE and talk.request_phase in _BEFORE_ANSWER and _is_alone(talk, event)


def _body(talk: HttpTalk, event: Event) -> bool:
    response = talk.response
    if talk.phase not in _AT_BODY or response.pathsend_n or not _is_alone(talk, event) or talk.without_content:
        return False
    size = response.size + len(event.message["body"])
    if response.length is None:
        return True
    return size == response.length if event.symbol == event.kind else size <= response.length


def _end(talk: HttpTalk, event: Event) -> bool:
    record = event.record
    return (
        event.outcome == "returned"
        and talk.phase == DONE
        and not (talk.inner or talk.layer or talk.refused or talk.tainted or talk.astray or talk.incomplete)
        and not talk.at_shutdown
        and talk.request_phase in _BEFORE_ANSWER
        and record is not None
        and record.returned is None  # type: ignore[union-attr]  # it is that of an end
        and not talk.declares_body
    )


def _websocket_connect(talk: WebSocketTalk, event: Event) -> bool:
    return _is_next(talk, event) and talk.received_phase == OPENING and talk.phase == CONNECTING and not talk.sent


def _websocket_receive(talk: WebSocketTalk, event: Event) -> bool:
    return _is_next(talk, event) and talk.received_phase == CONNECTED and talk.phase == ACCEPTED


def _websocket_send(talk: WebSocketTalk, event: Event) -> bool:
    return talk.phase == ACCEPTED and _is_alone(talk, event)


PLAIN: Final[Mapping[str, Plain]] = {
    "scope http": _scope,
    "scope websocket": _scope,
    "receive http.request": _request,
    "receive http.disconnect": _disconnect,
    "send http.response.start": _start,
    "send http.response.body": _body,
    "end http": _end,
    "receive websocket.connect": _websocket_connect,
    "receive websocket.receive": _websocket_receive,
    "send websocket.send": _websocket_send,
}
