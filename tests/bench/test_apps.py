"""What the applications are called with: all of it new in each call, as a server's is; and what they answer."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from bench.apps import APPS, CHUNKS, ECHOES, Application

# Of these there is one in the whole process, whoever makes it.
SHARED = (int, bool, type(None))


def objects(value: Any) -> Iterator[Any]:
    """All that a value is made of; keys are names in the code of any server, and short strings there is one of each."""
    if isinstance(value, SHARED) or (isinstance(value, str | bytes) and len(value) < 2):
        return
    yield value
    if isinstance(value, dict):
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from objects(inner)


async def sent(application: Application) -> list[Any]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await application.call(application.make(), 7, send)
    return messages


@pytest.mark.parametrize("application", APPS.values(), ids=list(APPS))
def test_what_a_server_makes_for_each_request_is_made_anew(application: Application) -> None:
    one, other = application.scope(1), application.scope(1)
    first, second = next(application.received()), next(application.received())
    assert one == other
    assert one is not other
    assert first is not second
    assert len(one["headers"]) >= 8
    for key in ("headers", "raw_path", "state", "asgi"):
        before = {id(value) for value in objects(one[key])} - {id(value) for value in one["asgi"].values()}
        assert not [value for value in objects(other[key]) if id(value) in before]
    assert first.get("body", b"") == second.get("body", b"")
    assert first.get("body") is not second.get("body") or len(first.get("body") or b"") < 2


def test_two_header_values_differ_in_each_request() -> None:
    one, other = (dict(APPS["hello-unique"].scope(number)["headers"]) for number in (1, 2))
    assert [name for name in one if one[name] != other[name]] == [b"accept", b"priority"]
    assert len(one) == 9


@pytest.mark.parametrize(
    ("name", "status", "size"),
    [
        ("hello", 200, 13),
        ("hello-secrets", 200, 13),
        ("fastapi-get", 200, 66),
        ("fastapi-post", 200, 187),
        ("stream", 200, CHUNKS * 1024),
        ("download", 200, 10 << 20),
        ("upload", 200, len("10485760")),
    ],
)
def test_each_answers_as_it_should(name: str, status: int, size: int) -> None:
    start, *bodies = asyncio.run(sent(APPS[name]))
    assert start["status"] == status
    assert sum(len(message["body"]) for message in bodies) == size
    assert not bodies[-1].get("more_body")


@pytest.mark.parametrize(("name", "size"), [("json-1k", 1 << 10), ("json-60k", 60 << 10), ("json-secrets", 60 << 10)])
def test_answers_in_json_have_about_the_size_that_they_are_named_after(name: str, size: int) -> None:
    _, body = asyncio.run(sent(APPS[name]))
    assert 0.8 * size < len(body["body"]) < 1.05 * size


def test_each_message_is_echoed() -> None:
    accept, *echoed = asyncio.run(sent(APPS["websocket"]))
    assert accept["type"] == "websocket.accept"
    assert len({message["text"] for message in echoed}) == ECHOES
