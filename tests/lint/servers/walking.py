"""A client that asks an application for all its paths at once, whatever the answers are; and the trace of that, by connection.

Where the application hangs or a server leaves its client waiting, only the trace tells that all has happened: the client stays
until the connection's end stands there.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import httpx

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, Record
from tests.clients import PATIENCE
from tests.lint.servers.application import BEGUN, HTTP, WEBSOCKET

Call: TypeAlias = tuple[str, str]
"""The type of a scope, and its path."""

_HANDSHAKE: Final = (
    b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nsec-websocket-protocol: chat\r\n"
)
_LOOKS_EVERY: Final = 0.02  # seconds
_QUIET_LOOKS: Final = 50
_FORWARDED: Final = b"x-forwarded-for: 192.0.2.1\r\n"
_CLOSE_1000: Final = b"\x88\x82\0\0\0\0\x03\xe8"
_CLOSE_WITHOUT_A_CODE: Final = b"\x88\x80\0\0\0\0"


class Conduct(NamedTuple):
    """What the client does, other than asking with GET and staying until the end."""

    method: bytes = b"GET"
    headers: bytes = b""
    body: bytes = b""
    version: bytes = b"1.1"
    until: bytes | None = None
    """What it waits for in the answer, to say its last words."""
    last_words: bytes = b""
    leaves: bool = False
    """Whether it leaves then, and does not stay until the end."""


_POLITE: Final = Conduct(until=b"\x88", last_words=_CLOSE_1000)
"""A WebSocket's client answers the frame that closes it."""


_CONDUCT: Final[Mapping[Call, Conduct]] = {
    ("http", "/head-in-chunks"): Conduct(b"HEAD"),
    ("http", "/two-receives"): Conduct(until=BEGUN, leaves=True),
    ("http", "/receive-after-disconnect"): Conduct(until=BEGUN, leaves=True),
    ("http", "/goes-on-after-disconnect"): Conduct(until=BEGUN, leaves=True),
    ("http", "/upload-cut-off"): Conduct(b"POST", b"content-length: 9\r\n", b"abc", until=b"", leaves=True),
    ("http", "/upload-not-read"): Conduct(b"POST", b"content-length: 3\r\n", b"abc"),
    ("http", "/method-in-lower-case"): Conduct(b"get"),
    ("http", "/http-1.0"): Conduct(version=b"1.0"),
    ("http", "/forwarded-as-wss"): Conduct(headers=_FORWARDED + b"x-forwarded-proto: wss\r\n"),
    ("http", "/forwarded-as-nothing"): Conduct(headers=_FORWARDED + b"x-forwarded-proto: \r\n"),
    ("websocket", "/"): Conduct(until=b"\r\n\r\n", last_words=_CLOSE_1000),
    ("websocket", "/receive-after-disconnect"): Conduct(until=b"\r\n\r\n", last_words=_CLOSE_1000),
    ("websocket", "/goes-on-after-disconnect"): Conduct(until=b"\r\n\r\n", last_words=_CLOSE_1000),
    ("websocket", "/closes-after-disconnect"): Conduct(until=b"\r\n\r\n", last_words=_CLOSE_1000),
    ("websocket", "/client-closes-without-a-code"): Conduct(until=b"\r\n\r\n", last_words=_CLOSE_WITHOUT_A_CODE),
}


def usual(kind: str) -> Conduct:
    """What it does where nothing else is said."""
    return _POLITE if kind == "websocket" else Conduct()


HABITS: Final[Mapping[Call, Conduct]] = {
    call: _CONDUCT.get(call, usual(call[0]))
    for call in [*(("http", path) for path in HTTP), *(("websocket", path) for path in WEBSOCKET)]
}
"""Every path of `application.py`."""
_GOES_ON: Final = {("http", "/leaves-a-task-behind")}
"""What is over with the record behind its end."""


class Trace:
    """A trace file that grows, as far as is asked for: which calls have begun, and which are over."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0
        self._calls: dict[str, Call] = {}
        self._ended: set[Call] = set()
        self.over: set[Call] = set()
        self.quiet = 0
        """How many looks in a row have found nothing new."""

    def look(self) -> None:
        """Read on."""
        data = self._file.read_bytes()[self._read :] if self._file.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        self.quiet = 0 if whole else self.quiet + 1
        self._read += len(whole)
        for line in whole.splitlines():
            record = json.loads(line)
            if record["record"] == "scope":
                self._calls[record["conn"]] = (record["scope"]["type"], record["scope"].get("path", ""))
            elif "conn" in record:
                self._take(record["record"], self._calls[record["conn"]])

    def _take(self, kind: str, call: Call) -> None:
        if call in self._ended or (kind == "end" and call not in _GOES_ON):
            self.over.add(call)
        elif kind == "end":
            self._ended.add(call)


async def walk_over_http_2(port: int, file: Path, calls: Iterable[Call]) -> None:
    """Ask for these paths, all at once, over one connection of HTTP/2 without TLS."""
    trace, left = Trace(file), set(calls)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", http1=False, http2=True, timeout=None) as client:
        asking = [asyncio.ensure_future(client.get(path, headers={"te": "trailers"})) for _, path in left]
        try:
            async with asyncio.timeout(PATIENCE):
                while left := left - trace.over:
                    await asyncio.sleep(_LOOKS_EVERY)
                    trace.look()
        except TimeoutError:
            raise AssertionError(f"never over: {left}") from None
        finally:
            for ask in asking:
                ask.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


async def walk(port: int, file: Path, calls: Mapping[Call, Conduct], *, stays: bool = True) -> None:
    """Make these calls, all at once. The clients stay until each call is over; else they leave when nothing more happens."""
    trace, over, leave = Trace(file), {call: asyncio.Event() for call in calls}, asyncio.Event()
    clients = [asyncio.ensure_future(_ask(port, call, calls[call], over[call], leave)) for call in calls]
    try:
        async with asyncio.timeout(PATIENCE):
            while not all(event.is_set() for event in over.values()):
                await asyncio.sleep(_LOOKS_EVERY)
                trace.look()
                for call in trace.over & over.keys():
                    over[call].set()
                if not stays and trace.quiet > _QUIET_LOOKS:
                    leave.set()
            await asyncio.gather(*clients)
    except TimeoutError:
        raise AssertionError(f"never over: {[call for call, event in over.items() if not event.is_set()]}") from None


async def _ask(port: int, call: Call, conduct: Conduct, over: asyncio.Event, leave: asyncio.Event) -> None:
    kind, path = call
    headers = conduct.headers + (_HANDSHAKE if kind == "websocket" else b"")
    line = b"%b %b HTTP/%b\r\n" % (conduct.method, path.encode(), conduct.version)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line + b"host: here\r\n" + headers + b"\r\n" + conduct.body)
    waiting = [asyncio.ensure_future(event.wait()) for event in (over, leave)]
    talking = asyncio.ensure_future(_talk(reader, writer, conduct))
    try:
        await asyncio.wait([talking] if conduct.leaves else waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writer.close()
        await over.wait()
        for wait in waiting:
            wait.cancel()
        await asyncio.gather(talking, *waiting, return_exceptions=True)  # whatever was said: the trace is what counts


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, conduct: Conduct) -> None:
    if conduct.until is None:
        return
    seen = b""
    while conduct.until not in seen and (more := await reader.read(65536)):
        seen += more
    writer.write(conduct.last_words)
    await writer.drain()


def by_call(records: Iterable[Record]) -> dict[Call, list[Record]]:
    """The records of each connection behind those of the process."""
    whose: dict[str, Call] = {}
    told: dict[Call, list[Record]] = defaultdict(list)
    processes: list[Record] = []
    for record in records:
        if isinstance(record, ProcessRecord):
            processes.append(record)
        conn = getattr(record, "conn", None)
        if conn is None:
            continue
        if conn not in whose:
            whose[conn] = (record.scope["type"], record.scope.get("path", ""))  # type: ignore[union-attr]  # scopes come first
            told[whose[conn]] = list(processes)
        told[whose[conn]].append(record)
    return told


def read(file: Path) -> dict[Call, list[Record]]:
    """A trace, by connection."""
    return by_call(read_trace(file, on_damage=_fail))


def _fail(damage: object) -> None:
    raise AssertionError(f"a damaged line: {damage}")
