"""A stage on which a scripted server plays against an application, and all that either side could see is written down.

The same play is given twice, plain and wrapped, with the very same objects; then both accounts are compared by identity.
"""

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import Record

ROOT = Path(__file__).parent.parent
OURS = (str(ROOT / "asgi_inspect" / "middleware.py"), str(ROOT / "asgi_inspect" / "capture" / "tap.py"))

App = Callable[..., Awaitable[Any]]
Step = tuple[Any, ...]


@dataclass
class Account:
    """What could be seen: every event in order, how the call ended, and what it cost the loop."""

    log: list[tuple[str, Any]] = field(default_factory=list)
    turns: int = 0
    scheduled: int = 0
    tasks: int = 0
    left: list[Any] = field(default_factory=list)  # tasks and events, so that they are not collected as garbage
    closed: bool = False  # what comes after the end, comes in no order
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, event: str, what: Any = None) -> None:
        self.counts[event] += 1
        if not self.closed:
            self.log.append((event, what))

    def seen(self, event: str) -> list[Any]:
        return [what for name, what in self.log if name == event]


def http_scope(**more: Any) -> dict[str, Any]:
    """A scope as servers give it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"leaf.example")],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 8000),
        "state": {"n": 1},
        **more,
    }


REQUEST = {"type": "http.request", "body": b"leaves", "more_body": False}
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"tea"}
RETURNED = object()  # by `echo`


def echo(account: Account) -> App:
    """An application that receives once, answers, and writes all it sees into the account."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        account.add("scope", scope)
        account.add("got", await receive())
        account.add("sent", await send(START))
        account.add("sent", await send(BODY))
        return RETURNED

    return app


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application."""


async def never(*args: Any) -> Any:
    """A `receive` or `send` that nobody is to call."""
    raise AssertionError("nobody asked for this")


def fail(*args: object, **options: object) -> Any:
    """Stands in for something of ours."""
    raise RuntimeError("ours")


async def run(app: Any, scope: Any = None) -> Any:
    """Call an application as a server does that always has one request and takes all."""

    async def receive() -> Any:
        return REQUEST

    async def send(message: Any) -> None:
        pass

    return await app(http_scope() if scope is None else scope, receive, send)


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts its turns, what is scheduled, and the tasks that are made."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = self.scheduled = self.tasks = 0

    def _run_once(self) -> None:
        self.turns += 1
        super()._run_once()  # type: ignore[misc]

    def call_soon(self, *args: Any, **options: Any) -> asyncio.Handle:  # type: ignore[override]
        self.scheduled += 1
        return super().call_soon(*args, **options)

    def create_task(self, *args: Any, **options: Any) -> Any:
        self.tasks += 1
        return super().create_task(*args, **options)


class Server:
    """A server by script: what each `receive` and each `send` does, one step a call; afterwards `receive` waits for ever.

    Steps: `("give", x)` returns x · `("later", x)` returns it after a turn of the loop · `("raise", exc)` ·
    `("wait",)` waits until it is cancelled.
    """

    def __init__(self, account: Account, receives: Iterable[Step] = (), sends: Iterable[Step] = ()) -> None:
        self.account = account
        self.receives = iter(receives)
        self.sends = iter(sends)

    async def receive(self) -> Any:
        self.account.add("receive")
        return await self._play("receive", next(self.receives, ("wait",)))

    async def send(self, message: Any) -> Any:
        self.account.add("send", message)
        return await self._play("send", next(self.sends, ("give", None)))

    async def _play(self, call: str, step: Step) -> Any:
        try:
            match step:
                case ("give", x):
                    self.account.add(f"{call} gave", x)
                    return x
                case ("later", x):
                    await asyncio.sleep(0)
                    self.account.add(f"{call} gave", x)
                    return x
                case ("raise", exc):
                    exc.__traceback__ = None  # of the play before
                    raise exc
                case _:
                    event = asyncio.Event()
                    self.account.left.append(event)
                    await event.wait()
        except asyncio.CancelledError as exc:
            self.account.add(f"{call} cancelled", exc.args)
            raise


def same(one: Any, other: Any) -> bool:
    """Whether two accounts hold the same objects; of tuples and lists made for the account, the members are compared."""
    if type(one) is not type(other):
        return False
    if type(one) is tuple or type(one) is list:
        return len(one) == len(other) and all(map(same, one, other))
    return one is other or (type(one) in (str, int, bool, float) and one == other)


def difference(plain: Account, wrapped: Account) -> str:
    """The first thing that differs; empty where nothing does."""
    for index, (one, other) in enumerate(zip(plain.log, wrapped.log, strict=False)):
        if not same(one, other):
            return f"event {index}: plain {one!r}, wrapped {other!r}"
    if len(plain.log) != len(wrapped.log):
        return f"plain {plain.log!r}\nwrapped {wrapped.log!r}"
    for name in ("turns", "scheduled", "tasks"):
        if getattr(plain, name) != getattr(wrapped, name):
            return f"{name}: plain {getattr(plain, name)}, wrapped {getattr(wrapped, name)}"
    return ""


@dataclass
class Failure:
    """An exception as whoever catches it sees it."""

    exc: BaseException
    cause: BaseException | None
    context: BaseException | None
    suppress_context: bool
    notes: tuple[str, ...]
    args: tuple[Any, ...]
    frames: list[tuple[str, str]]
    ours: int

    def told(self) -> tuple[Any, ...]:
        return self.exc, self.cause, self.context, self.suppress_context, self.notes, self.args, self.frames


def caught(exc: BaseException) -> Failure:
    frames = list(frames_in(exc.__traceback__))
    return Failure(
        exc,
        exc.__cause__,
        exc.__context__,
        exc.__suppress_context__,
        tuple(getattr(exc, "__notes__", ())),
        exc.args,
        [frame for frame in frames if frame[0] not in OURS],
        sum(frame[0] in OURS for frame in frames),
    )


def frames_in(traceback: TracebackType | None) -> Iterator[tuple[str, str]]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield code.co_filename, code.co_qualname
        traceback = traceback.tb_next


def play(main: Callable[[], Awaitable[Any]], account: Account) -> Account:
    """Run the play on a loop of its own; what comes out of it is the last event."""
    loop = CountingLoop()
    try:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(_ending(main, account))
        except BaseException as exc:  # KeyboardInterrupt and SystemExit of another task stop the loop
            account.add("loop raised", exc)
        account.closed = True
        account.turns, account.scheduled, account.tasks = loop.turns, loop.scheduled, loop.tasks
    finally:
        while left := asyncio.all_tasks(loop):  # some need to be told more than once
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
    return account


async def _ending(main: Callable[[], Awaitable[Any]], account: Account) -> None:
    try:
        account.add("returned", await main())
    except BaseException as exc:
        account.add("raised", exc)
    for _ in range(3):  # what the application left behind goes on
        await asyncio.sleep(0)


def twice(
    application: Callable[[Account], App],
    out: Path,
    *,
    scope: Any = None,
    receives: Iterable[Step] = (),
    sends: Iterable[Step] = (),
    main: Callable[[App, Any, Server], Awaitable[Any]] | None = None,
    **options: Any,
) -> tuple[Account, Account, InspectMiddleware]:
    """Play plain and wrapped, with the same objects.

    application: makes the application, which writes what it sees into the account.
    main: what the server does with the application, its scope and itself; by default it awaits it.
    """
    receives, sends = list(receives), list(sends)
    accounts = []
    middleware = None
    for wrap in (False, True):
        account = Account()
        app = application(account)
        if wrap:
            app = middleware = InspectMiddleware(app, out=out, **options)
        server = Server(account, receives, sends)
        accounts.append(play(lambda: (main or _call)(app, scope, server), account))
    assert middleware is not None
    return accounts[0], accounts[1], middleware


async def _call(app: App, scope: Any, server: Server) -> Any:
    return await app(scope, server.receive, server.send)


@contextmanager
def only_ours_differs() -> Iterator[None]:
    """No thread of another's comes (those of other tests may go), and of the context variables only ours is another."""
    threads, context = _threads(), dict(contextvars.copy_context())
    yield
    assert _threads() <= threads
    after = dict(contextvars.copy_context())
    assert {var for var in after if after[var] is not context.get(var)} == set()


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asgi-inspect")}


def no_send_is_slow(patch: pytest.MonkeyPatch) -> None:
    """However slow this machine is: a send that takes its time has a second record, and would make each count uncertain."""
    patch.setattr("asgi_inspect.capture.tap._SLOW_SEND_NS", 60_000_000_000)


def records(middleware: InspectMiddleware) -> list[Record]:
    """All records of a middleware's trace file, as far as it was called."""
    sink = middleware._sink
    if sink is None:
        return []
    sink.settle()
    return list(read_trace(str(middleware._out), on_damage=_fail))


def _fail(damage: object) -> None:
    raise AssertionError(f"a damaged line: {damage}")


def numbers(trace: Iterable[Any]) -> list[int]:
    """The numbers of the records that have one."""
    return [record.n for record in trace if hasattr(record, "n")]


def of_kind(all_of_them: Iterable[Any], kind: type) -> list[Any]:
    return [record for record in all_of_them if type(record) is kind]
