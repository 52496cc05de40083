"""An application with every trouble there is: plain, or under `InspectMiddleware` where `OUT` says where its records go.

`OUT` is a path, `terminal`, `-`, or the name of one of the callables below. What only the application can tell (which
messages it received, what its `send` raised) it prints, so that plain and wrapped can be compared.
"""

import asyncio
import ctypes
import gc
import os
import resource
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asgi_inspect.capture import file as file_module
from asgi_inspect.middleware import InspectMiddleware
from examples.hello import Receive, Scope, Send, hello, lifespan

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]

# However slow this machine is: after a slow write the timer alone writes, and a process that is killed loses what it has not.
file_module.SLOW_NS = 60_000_000_000  # type: ignore[misc]

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BEGUN = {"type": "http.response.body", "body": b"begun", "more_body": True}
BODY = {"type": "http.response.body", "body": b"tea"}


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


# --- what is raised -----------------------------------------------------------------------------------------------------


def raised() -> dict[str, BaseException]:
    return {
        "error": ValueError("as the application wished"),
        "group": BaseExceptionGroup(
            "worst", [ValueError("one"), ExceptionGroup("more", [OSError(5, "two")]), BaseException("three")]
        ),
        "closed": GeneratorExit(),
        "cancelled": asyncio.CancelledError("by hand"),
        "base": BaseException("nobody catches this"),
        "stop": StopAsyncIteration(),
        "memory": MemoryError(),
        "interrupt": KeyboardInterrupt(),
        "exit": SystemExit(7),
        "interrupts": BaseExceptionGroup("both", [KeyboardInterrupt(), SystemExit(1)]),
    }


async def troubled(what: str, when: str, receive: Receive, send: Send) -> None:
    """Raise it before the answer, in the midst of it, or after it; or in a task of one's own."""
    if when in ("after", "late"):
        await send(START)
        await send(BEGUN if when == "after" else BODY)
    if when == "task":
        task = asyncio.create_task(fail(what))
        await hello(send)
        await asyncio.wait([task])
        del task
        gc.collect()  # so that the loop says now that nobody asked for its exception
        return
    await fail(what)


async def fail(what: str) -> None:
    if what == "recursion":
        return await fail(what)
    raise raised()[what]


# --- how a process ends -------------------------------------------------------------------------------------------------


async def exits(scope: Scope, receive: Receive, send: Send) -> None:
    os._exit(3)


async def segfault(scope: Scope, receive: Receive, send: Send) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


async def abort(scope: Scope, receive: Receive, send: Send) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


async def fork(scope: Scope, receive: Receive, send: Send) -> None:
    """In the midst of an answer; the child does what children do, and goes."""
    await send(START)
    pid = os.fork()
    if not pid:
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    await send({"type": "http.response.body", "body": b"the child ended with %d" % status})


async def whoami(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


async def marks(scope: Scope, receive: Receive, send: Send) -> None:
    """Write the query on stderr: whoever has read it there has read all that came before."""
    os.write(2, b"marked %b\n" % scope["query_string"])
    await hello(send)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Without an end, whoever listens."""
    await send(START)
    number = 0
    while True:
        number += 1
        await send({"type": "http.response.body", "body": b"%d\n" % number, "more_body": True})
        await asyncio.sleep(0)


# --- clients that leave -------------------------------------------------------------------------------------------------


async def listens(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin an answer and print all that is received, up to the disconnect."""
    await send(START)
    await send(BEGUN)
    await hear(receive)


async def hears(scope: Scope, receive: Receive, send: Send) -> None:
    await hear(receive)


async def hear(receive: Receive) -> None:
    told: list[str] = []
    try:
        while not told or told[-1] != "http.disconnect":
            told.append((await receive())["type"])
            say("heard", told[-1])
    except BaseException as exc:
        told.append(type(exc).__name__)
        raise
    finally:
        say("received", *told)


async def answers_and_listens(scope: Scope, receive: Receive, send: Send) -> None:
    await hello(send)
    await hear(receive)


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream until it is told in the answer's own file that its client has gone; never receive."""
    await send(START)
    went = Path(os.environ["WENT"])
    while not went.exists():
        await send({"type": "http.response.body", "body": b"leaf", "more_body": True})
        await asyncio.sleep(0.001)
    raised: list[str] = []
    for body in (BEGUN, BODY):
        try:
            await send(body)
        except OSError as exc:
            raised.append(type(exc).__name__)
    say("sent", *raised)


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    """Neither receive nor answer."""
    say("waits")
    try:
        await asyncio.Event().wait()
    except BaseException as exc:
        say("ended by", type(exc).__name__)
        raise


async def gives_up(scope: Scope, receive: Receive, send: Send) -> None:
    """Wait for a body that does not come, and answer."""
    await receive()
    try:
        async with asyncio.timeout(0.01):
            await receive()
    except TimeoutError:
        await hello(send)


# --- loads --------------------------------------------------------------------------------------------------------------

_together: dict[int, asyncio.Event] = {}
_waiting = 0


async def together(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer when as many are waiting as the query says."""
    global _waiting
    count = int(scope["query_string"])
    event = _together.setdefault(count, asyncio.Event())
    _waiting += 1
    if _waiting == count:
        event.set()
    await event.wait()
    await hello(send)


async def swallow(scope: Scope, receive: Receive, send: Send) -> None:
    """Count what comes."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send(START)
    await send({"type": "http.response.body", "body": str(size).encode()})


async def pour(scope: Scope, receive: Receive, send: Send) -> None:
    """As many MiB as the query says."""
    await send(START)
    for _ in range(int(scope["query_string"])):
        await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
    await send({"type": "http.response.body"})


async def headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how many came, and send as many as the query says."""
    count = int(scope["query_string"] or b"0")
    many = [(b"x-%d" % number, b"leaf") for number in range(count)]
    await send({"type": "http.response.start", "status": 200, "headers": many})
    await send({"type": "http.response.body", "body": str(len(scope["headers"])).encode()})


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """A body of 8 MiB, where there is no memory for as much again."""
    body = {"type": "http.response.body", "body": b"x" * (8 << 20)}
    await send(START)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (10 << 20), before[1]))
    try:
        await send(body)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


HANDLERS: dict[str, Handler] = {
    f"/{name}": handler
    for name, handler in {
        "exits": exits,
        "segfault": segfault,
        "abort": abort,
        "fork": fork,
        "whoami": whoami,
        "marks": marks,
        "stream": stream,
        "listens": listens,
        "hears": hears,
        "answers-and-listens": answers_and_listens,
        "deaf": deaf,
        "never": never,
        "gives-up": gives_up,
        "together": together,
        "swallow": swallow,
        "pour": pour,
        "headers": headers,
        "large": large,
    }.items()
}


async def websocket(receive: Receive, send: Send) -> None:
    """Say everything again."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await websocket(receive, send)
    elif scope["path"].startswith("/raise/"):
        _, _, what, when = scope["path"].split("/")
        await troubled(what, when, receive, send)
    else:
        handler = HANDLERS.get(scope["path"])
        await (hello(send) if handler is None else handler(scope, receive, send))


# --- where the records go -----------------------------------------------------------------------------------------------


class Evil(type):
    """A class that does not tell its own name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise Unspeakable


class Unspeakable(BaseException, metaclass=Evil):
    def __str__(self) -> str:
        raise self


def raises(record: Any) -> None:
    raise ValueError(f"never the same twice: {record}")


def exits_(record: Any) -> None:
    raise SystemExit("not yours to end")


def unspeakable(record: Any) -> None:
    raise Unspeakable


def blocks(record: Any) -> None:
    threading.Event().wait()


def recurses(record: Any) -> None:
    recurses(record)


def keeps_all(record: Any) -> None:
    with open(os.environ["KEPT"], "a", encoding="ascii") as kept:
        kept.write(f"{type(record).__name__}\n")


class Odd:
    """A callable that answers nothing else."""

    def __call__(self, record: Any) -> None:
        keeps_all(record)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise RuntimeError


CALLABLES: dict[str, Callable[[Any], object]] = {
    "raises": raises,
    "exits": exits_,
    "unspeakable": unspeakable,
    "blocks": blocks,
    "recurses": recurses,
    "odd": Odd(),
}


def wrapped(out: str) -> InspectMiddleware:
    if out == "terminal":
        return InspectMiddleware(application)
    return InspectMiddleware(application, out=CALLABLES.get(out, out))


OUT = os.environ.get("OUT")
app: Any = application if OUT is None else wrapped(OUT)
