"""Point 1 of the transparency contract: the very objects, in order, and nothing more."""

import asyncio
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.values import Foreign
from tests.stage import (
    BODY,
    REQUEST,
    RETURNED,
    START,
    Account,
    App,
    Server,
    difference,
    echo,
    http_scope,
    never,
    numbers,
    of_kind,
    records,
    twice,
)


def test_scope_messages_results_and_order_are_the_same_objects(out: Path) -> None:
    scope, result = http_scope(), object()
    before = {key: id(value) for key, value in scope.items()}
    plain, wrapped, middleware = twice(
        echo, out, scope=scope, receives=[("give", REQUEST)], sends=[("give", result), ("later", None)]
    )
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("scope")[0] is scope
    assert wrapped.seen("got")[0] is REQUEST
    assert wrapped.seen("send") == [START, BODY]
    assert wrapped.seen("sent") == [result, None]
    assert wrapped.seen("returned") == [RETURNED]
    assert {key: id(value) for key, value in scope.items()} == before
    trace = records(middleware)
    assert [type(record).__name__ for record in trace] == [
        "ProcessRecord", "ScopeRecord", "ReceiveRecord", "SendRecord", "SendRecord", "EndRecord",
    ]  # fmt: skip
    assert numbers(trace) == [1, 2, 3, 4]


def test_nothing_is_received_or_sent_that_the_application_did_not_ask_for(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    plain, wrapped, middleware = twice(lambda account: app, out, scope=http_scope(), receives=[("give", REQUEST)])
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("receive") == wrapped.seen("send") == []
    assert of_kind(records(middleware), EndRecord)[0].n == 1


def test_a_message_is_on_its_way_before_the_next_and_no_turn_of_the_loop_is_added(out: Path) -> None:
    """Nothing is buffered: when `send` returns, the server has had the message; when it waits, the application waits."""

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            for n in range(5):
                account.add("before", n)
                await send({"type": "http.response.body", "body": b"%d" % n, "more_body": True}["body"])
                account.add("after", n)
                await receive()

        return app

    steps = [("later", None), ("give", None)] * 3
    plain, wrapped, _ = twice(application, out, scope=http_scope(), receives=steps, sends=steps)
    assert difference(plain, wrapped) == ""
    assert [event for event, _ in wrapped.log[:5]] == ["before", "send", "send gave", "after", "receive"]


def test_receive_and_send_at_the_same_time_and_by_leaked_tasks(out: Path) -> None:
    leaked: list[Any] = []

    def application(account: Account) -> App:
        async def use_later(receive: Any, send: Any) -> None:
            await asyncio.sleep(0)
            account.add("late got", await receive())
            account.add("late sent", await send(BODY))

        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("both", tuple(await asyncio.gather(receive(), send(START), receive())))
            leaked.append(asyncio.ensure_future(use_later(receive, send)))

        return app

    late = {"type": "http.disconnect"}
    receives = [("later", REQUEST), ("give", REQUEST), ("give", late)]
    plain, wrapped, middleware = twice(application, out, scope=http_scope(), receives=receives)
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("late got") == [late]
    assert wrapped.log.index(("returned", None)) < wrapped.log.index(("late got", late))
    trace = records(middleware)
    end = of_kind(trace, EndRecord)[0]
    assert numbers(trace) == [1, 2, 3, 4, 5, 6]
    assert [type(record) for record in trace if getattr(record, "n", 0) > end.n] == [ReceiveRecord, SendRecord]


@pytest.mark.parametrize(
    "iterator",
    [
        lambda pairs: (pair for pair in pairs),
        lambda pairs: map(tuple, pairs),
        lambda pairs: zip([name for name, _ in pairs], [value for _, value in pairs], strict=True),
        iter,
        lambda pairs: Counted(pairs),
    ],
    ids=["generator", "map", "zip", "iter", "own class"],
)
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_a_one_shot_iterator_in_a_message_is_read_once_and_given_on_as_a_list(
    iterator: Any, kind: Any, out: Path
) -> None:
    pairs = [(b"x-leaf", b"1"), (b"x-leaf", b"2")]
    message = kind({"type": "http.response.start", "status": 200, "headers": iterator(pairs), "other": object()})
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)

    async def send(given: Any) -> None:
        seen.append((given, list(given["headers"])))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), never, send))
    given, headers = seen[0]
    assert headers == pairs
    assert list(given) == list(message)
    assert all(given[key] is message[key] for key in message if key != "headers")
    assert given is not message, "the application's own message stays as it is"
    sent = of_kind(records(middleware), SendRecord)[0].message
    assert [tuple(pair) for pair in sent["headers"]] == pairs


class Counted:
    """An iterator of a class of the user's, which knows how often it was read."""

    def __init__(self, members: Any) -> None:
        self.members = list(members)

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> Any:
        if not self.members:
            raise StopIteration
        return self.members.pop(0)


def test_one_shot_links_and_headers_of_a_received_message(out: Path) -> None:
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(list((await receive())["headers"]))
        await send({"type": "http.response.early_hint", "links": (link for link in [b"</a>", b"</b>"])})

    async def receive() -> Any:
        return {"type": "odd", "headers": iter([(b"a", b"b")])}

    async def send(message: Any) -> None:
        got.append(list(message["links"]))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), receive, send))
    assert got == [[(b"a", b"b")], [b"</a>", b"</b>"]]
    assert of_kind(records(middleware), SendRecord)[0].message["links"] == [b"</a>", b"</b>"]


def test_an_iterator_that_raises_in_the_middle_does_so_for_the_server(out: Path) -> None:
    problem = RuntimeError("no more leaves")

    def headers() -> Iterator[Any]:
        yield (b"a", b"1")
        raise problem

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers()})

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        async def send(message: Any) -> None:
            try:
                for header in message["headers"]:
                    server.account.add("header", header)
            except RuntimeError as exc:
                server.account.add("failed", exc)

        await app(scope, server.receive, send)

    plain, wrapped, _ = twice(application, out, scope=http_scope(), main=main)
    assert wrapped.log == plain.log == [("header", (b"a", b"1")), ("failed", problem), ("returned", None)]


def test_an_iterator_without_an_end_does_not_hold_us(out: Path) -> None:
    def headers() -> Iterator[tuple[bytes, bytes]]:
        n = 0
        while True:
            yield b"x-%d" % n, b""
            n += 1

    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers()})

    async def send(message: Any) -> None:
        given = iter(message["headers"])
        got.extend(next(given) for _ in range(20_000))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), never, send))
    assert [name for name, _ in got] == [b"x-%d" % n for n in range(20_000)]


def test_iterators_in_the_scope_stay_untouched(out: Path) -> None:
    read: list[str] = []

    def headers() -> Iterator[tuple[bytes, bytes]]:
        read.append("read")
        yield b"a", b"b"

    scope = http_scope(headers=headers(), state={"cursor": headers()}, subprotocols=map(str, headers()))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert read == []
        assert list(scope["headers"]) == [(b"a", b"b")]

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(scope, never, never))
    assert read == ["read"]
    traced = of_kind(records(middleware), ScopeRecord)[0].scope
    assert traced["headers"] == traced["state"]["cursor"] == Foreign("$object", "generator")
    assert traced["subprotocols"] == Foreign("$object", "map")
