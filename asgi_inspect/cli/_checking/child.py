"""The process in which an application is checked: it loads it as uvicorn would, asks it, and writes down what became of that.

`python -m asgi_inspect.cli._checking.child FOLDER /path/to/uvicorn main:app …`. FOLDER has the order, and gets the lines
of the log; behind them, where the event loop stood still for too long, what Python was doing. The records go where
`asgi-inspect` has said, as those of a run.
"""

import asyncio
import faulthandler
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from ...launch import child
from ...launch.hooks import install
from ...launch.server import Address, server_named
from ...launch.trial import failed, ours
from ...on import _target
from ...on._dress import undress
from ...options import tell
from ...testing import Client, Outcome, drive
from . import asks
from .asks import Ask
from .order import Asked, Began, Done, Line, Loaded, Order, Refused
from .routes import PAGES, Target, merged, operations, page_of, table_of

MOST_STUCK: Final = 3
"""Connections that do not end; then nothing more is asked."""
LIFESPAN: Final = "LIFESPAN"
_ENDING: Final = 2.0
_BEAT: Final = 0.5
_PATIENCE, _STAY, _GUESS = 0.5, 2.0, 2.0
_FEW: Final = 5  # streamed answers that clients leave
_ROOT: Final = Target("/", "/")


class _GivenUpError(Exception):
    """Too many connections did not end."""


class Log:
    """The lines that the parent reads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self.loaded = False

    def write(self, line: Line) -> None:
        self._file.write(msgspec.json.encode(line).decode() + "\n")
        self._file.flush()

    def arm(self, seconds: float) -> None:
        """End this process after so long, unless it is armed again before."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._file)


def loading_limit(timeout: float) -> float:
    """Seconds that the application may take to load."""
    return max(2 * timeout, 5.0)


def stall_limit(timeout: float) -> float:
    """Seconds that the event loop may stand still."""
    return max(timeout, 3.0)


def main() -> None:
    folder = Path(sys.argv.pop(1))
    order = msgspec.json.decode((folder / "order.json").read_bytes(), type=Order)
    log = Log(folder / "log")
    log.arm(loading_limit(order.timeout))

    def stop(app: Any, addresses: Sequence[Address]) -> NoReturn:
        """The server has its application."""
        log.loaded = True
        log.write(Loaded(_file_of(order.module)))
        tell(server="asgi-inspect check")  # uvicorn has loaded it only
        asyncio.run(_Interview(ours(app), order, log).hold())
        raise SystemExit(0)

    server = server_named(os.path.basename(sys.argv[1]))
    assert server is not None, sys.argv[1]
    install(server.loading(stop))
    try:
        child.main()
    except BaseException as error:
        if log.loaded:
            raise
        log.write(Refused() if _is_refusal(error) else failed(error))
        os._exit(2)


def _file_of(module: str) -> str:
    """The file of a module that is imported; empty where it has none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return file.encode("utf-8", "backslashreplace").decode() if isinstance(file, str) else ""


def _is_refusal(error: BaseException) -> bool:
    """Whether it was us who would not have this application, and said why."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, SystemExit) and frames[-1].filename == _target.__file__


class _Interview:
    """Everything that one application is asked."""

    def __init__(self, app: Any, order: Order, log: Log) -> None:
        self._app = app
        self._order = order
        self._log = log
        self._client = Client(app, timeout=order.timeout)
        self._plain: dict[Target, Outcome] = {}
        """What became of each GET that has nothing special about it."""
        self._stuck = 0

    async def hold(self) -> None:
        heart = asyncio.ensure_future(self._beat())
        self._log.write(Began(LIFESPAN))
        async with self._client as client:
            if client.startup in ("complete", "unsupported"):
                with suppress(_GivenUpError):  # what was asked until then is reported
                    await self._ask_all()
            self._log.write(Began(LIFESPAN))
        assert client.lifespan is not None
        self._log.write(_told(LIFESPAN, "", client.lifespan, client.startup))
        self._log.write(Done())
        heart.cancel()
        self._log.arm(_ENDING)  # threads of the application's may be left, and tasks that will not be cancelled

    async def _beat(self) -> None:
        """As long as the event loop turns, this process may live."""
        while True:
            self._log.arm(stall_limit(self._order.timeout) + _BEAT)
            await asyncio.sleep(_BEAT)

    async def _ask(self, ask: Ask) -> Outcome:
        self._log.write(Began(ask.label))
        how = {
            "leave_after": ask.leave_after,
            "pace": ask.pace,
            "patience": _PATIENCE,
            "stay": min(_STAY, self._order.timeout),
        }
        outcome = await self._client.call(ask.scope, ask.received, **how)
        self._log.write(_told(ask.label, ask.about, outcome))
        self._stuck += _is_stuck(outcome)
        if self._stuck == MOST_STUCK:
            raise _GivenUpError
        return outcome

    async def _ask_all(self) -> None:
        order = self._order
        targets = await self._targets()
        pages = [target for target in targets if "GET" in target.methods and not target.websocket]
        streamed = [target for target in pages if len(_bodies(await self._get(target))) > 1]
        for method in [m for m in order.methods if m != "GET"] if order.data is None else ():
            for target in pages:
                await self._ask(asks.plain(order, target, method))
        answering = [target for target in pages if not _is_stuck(self._plain[target])]
        first = next(
            (target for target in answering if target.target == "/" or target.own), next(iter(answering), None)
        )
        if first is not None:
            for ask in self._extras(first, streamed[:_FEW], targets):
                await self._ask(ask)
        for target in targets:
            for ask in asks.talks(order, target) if target.websocket else ():
                await self._ask(ask)

    async def _get(self, target: Target) -> Outcome:
        if target not in self._plain:
            self._plain[target] = await self._ask(asks.plain(self._order, target))
        return self._plain[target]

    def _extras(self, first: Target, streamed: Sequence[Target], targets: Sequence[Target]) -> Iterator[Ask]:
        order = self._order
        yield asks.plain(order, first, "HEAD")
        yield asks.plain(order, first, "OPTIONS")
        yield asks.nowhere(order)
        for target in streamed or [first]:
            yield from asks.leaving(order, target, after=1 if streamed else 0)
        takers = [target for target in targets if not target.websocket]
        if order.data is not None and not order.paths:
            takers = [target for target in takers if target.methods - asks.SAFE] or [first]
        yield from asks.uploads(order, takers, first)

    async def _targets(self) -> list[Target]:
        """What is asked: what the user names, else what the application says that it has, and `/`."""
        order = self._order
        named = [Target(path, path) for path in order.paths]
        named += [Target(path, path, websocket=True) for path in order.websockets]
        if named:
            return named
        app = undress(self._app)
        table, told = table_of(app), page_of(app)
        if table is None:
            guesses: tuple[str, ...] = () if _is_stuck(await self._get(_ROOT)) else PAGES
        else:
            guesses = tuple(target.target for target in table if target.target in PAGES)
        found = merged(table or [], await self._page([told] if told else guesses))
        return found if any("GET" in target.methods and not target.websocket for target in found) else [_ROOT, *found]

    async def _page(self, paths: Iterable[str]) -> list[Target]:
        """The operations of an OpenAPI page. Where there may be none this is a guess, so what comes of it is not judged."""
        untraced = vars(self._app)["app"]
        for path in paths:
            ask = asks.plain(self._order, Target(path, path))
            ask.scope["state"] = {**self._client.state}
            self._log.write(Began(ask.label))
            limit = min(self._order.timeout, _GUESS)
            outcome = await drive(untraced, ask.scope, ask.received, stay=min(_STAY, limit), timeout=limit)
            with suppress(ValueError, RecursionError):  # no such page is JSON, and there may be another
                if found := operations(json.loads(b"".join(_bodies(outcome)))):
                    return found
            if outcome.how == "cancelled":
                break
        return []


def _is_stuck(outcome: Outcome) -> bool:
    """Whether the call would not end."""
    return outcome.how == "cancelled" and not outcome.complete


def _bodies(outcome: Outcome) -> list[bytes]:
    found = [message.get("body", b"") for message in outcome.sent if message.get("type") == "http.response.body"]
    return [body for body in found if isinstance(body, bytes) and body]


def _told(label: str, about: str, outcome: Outcome, startup: str = "") -> Asked:
    error = "" if outcome.error is None else "".join(traceback.format_exception_only(outcome.error)).strip()
    if startup == "failed":
        error = next((str(m.get("message") or "") for m in outcome.sent if m["type"].endswith("startup.failed")), "")
    return Asked(
        label=label,
        about=about,
        how=outcome.how,
        status=_status(outcome),
        complete=outcome.complete,
        left=outcome.left,
        error=error[:1000].encode("utf-8", "backslashreplace").decode(),
        startup=startup,
    )


def _status(outcome: Outcome) -> int | None:
    for message in outcome.sent:
        kind, status = message.get("type"), message.get("status")
        if kind in ("http.response.start", "websocket.http.response.start"):
            return int(status) if isinstance(status, int) else None
        if kind == "websocket.accept":
            return 101
        if kind == "websocket.close":
            return 403
    return None


if __name__ == "__main__":
    main()
