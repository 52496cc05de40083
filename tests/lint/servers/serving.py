"""The real servers under which an application is asked for all its paths: how each is started, and what cannot be asked there."""

import asyncio
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asgi_inspect.trace.records import Record
from tests.lint.servers.walking import Call, Conduct, read, walk, walk_over_http_2
from tests.servers.starting import LISTENS, reserved, until
from tests.servers.ways import DAPHNE, GRANIAN, HYPERCORN, NATIVE_WORKER, UVICORN
from tests.serving import running

_EXITS: Final = ("http", "/exits")
_STATUS_99: Final = ("http", "/status-99")
_LOWER_CASE: Final = ("http", "/method-in-lower-case")


@dataclass(frozen=True)
class Server:
    """One server, with the options that make it quick or talkative."""

    command: str
    last: tuple[Call, ...] = ()
    """What ends it, so that it is asked alone, and last."""
    not_called: frozenset[Call] = frozenset()
    """For what it answers or gives up by itself."""


SERVERS: Final[Mapping[str, Server]] = {
    "uvicorn": Server(UVICORN, not_called=frozenset({_LOWER_CASE})),
    "uvicorn, h11 and wsproto": Server(f"{UVICORN} --http h11 --ws wsproto"),
    "hypercorn": Server(HYPERCORN, last=(_EXITS,)),
    "daphne": Server(
        f"{DAPHNE} --proxy-headers --application-close-timeout 1",
        last=(_EXITS,),
        not_called=frozenset({("http", "/upload-cut-off")}),
    ),
    "granian": Server(GRANIAN, not_called=frozenset({_STATUS_99})),
    "gunicorn": Server(NATIVE_WORKER, last=(_EXITS,), not_called=frozenset({_LOWER_CASE})),
}


@contextmanager
def serving(name: str, module: str, trace: Path) -> Iterator[int]:
    """A module's `app` under that server, traced; yields the port."""
    with ExitStack() as stack:
        port = stack.enter_context(reserved()) if name == "granian" else 0
        command = SERVERS[name].command.replace("main:app", f"asgi_inspect.on.{module}:app").format(port=port).split()
        environ = {"ASGI_INSPECT_OUT": str(trace), "ASGI_INSPECT_FLUSH": "record", "HOME": str(trace.parent)}
        process = stack.enter_context(running([_bin(command[0]), *command[1:]], env=environ))
        port = int(process.wait_for(LISTENS)[1])
        until(lambda: _listens(port), "an open port")
        yield port


def asked(
    name: str, module: str, calls: Mapping[Call, Conduct], folder: Path, *, stays: bool = True
) -> dict[Call, list[Record]]:
    """What each call of a module's `app` was under that server: the records of its connection, behind those of the process."""
    server, trace = SERVERS[name], folder / "trace.jsonl"
    last = {call: calls[call] for call in server.last if call in calls}
    at_once = {call: conduct for call, conduct in calls.items() if call not in {*last, *server.not_called}}
    with serving(name, module, trace) as port:
        asyncio.run(walk(port, trace, at_once, stays=stays))
        for call, conduct in last.items():
            asyncio.run(walk(port, trace, {call: conduct}))
    return read(trace)


def asked_over_http_2(name: str, module: str, paths: Iterable[str], folder: Path) -> dict[Call, list[Record]]:
    """The same, over HTTP/2."""
    trace = folder / "trace.jsonl"
    with serving(name, module, trace) as port:
        asyncio.run(walk_over_http_2(port, trace, [("http", path) for path in paths]))
    return read(trace)


def _bin(command: str) -> str:
    return str(Path(sys.executable).with_name(command))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
