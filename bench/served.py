"""A real server with one application in one way: uvicorn on uvloop and httptools, one worker, on a core of its own.

The two ends of it stand here: what runs in its process (`main`), and who starts it and asks it (`Server`). It tells its port on
stdout when it listens, and on each line of its stdin what it has used so far; it ends when its stdin does, so that none is left
behind, however the benchmark ends. All that it prints goes to a file, as the log of a server does.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import util
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from .apps import APPS
from .client import Trouble
from .cores import pin
from .plan import HERE, ROOT, Source, python
from .ways import WAYS, NotHereError

_PATIENCE: Final = 60.0  # seconds until a server listens, or answers
_OUTPUT: Final = "output.log"
_MUCH: Final = 65_536  # bytes of it


class Setting(NamedTuple):
    """A way that is a setting of the server."""

    name: str
    what: str
    log_level: str


SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting
    for setting in (
        Setting("access-log", "uvicorn's log of requests, to a file: a line each", "info"),
        Setting("uvicorn-trace", "uvicorn --log-level trace, to a file", "trace"),
    )
}
# Under all other ways a server says nothing, as one whose log nobody needs.
_SILENT: Final[Mapping[str, Any]] = {"log_level": "warning", "access_log": False}


@dataclass(frozen=True)
class Order:
    """What to serve."""

    app: str
    way: str
    folder: str
    """For whatever it writes."""
    core: int | None = None


@dataclass(frozen=True)
class Used:
    """What a server has used since it began."""

    cpu_ns: int
    memory: int
    """Bytes that are its own: shared pages count by their share, where the system tells."""
    peak: int
    """The most that was in memory at once, all included."""
    requests: int
    """Responses that the server completed, by its own count."""


class Server:
    """One that runs; `listen` waits until it does."""

    def __init__(self, order: Order, source: Source = HERE) -> None:
        self.order = order
        self.port = 0
        self._folder = Path(order.folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _OUTPUT).open("ab") as output:
            self._process = subprocess.Popen(
                python(source, sys.executable, "bench.served", json.dumps(asdict(order))),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                start_new_session=True,  # Ctrl-C is for the benchmark, which then ends this
            )

    def listen(self) -> None:
        """Wait until it listens; raises Trouble, with what it printed, where it never will."""
        told = self._read()
        if "not_here" in told:
            raise Trouble(told["not_here"])
        self.port = int(told["port"])

    def used(self) -> Used:
        """Ask it."""
        return Used(**self._read("used\n"))

    def empty(self) -> None:
        """Make all files empty that it has written, so that no disk fills; what it writes next is appended to them."""
        for path in self._folder.rglob("*"):
            if path.is_file():
                os.truncate(path, 0)

    def complaint(self) -> str:
        """What asgi-inspect has said since then: it captures well where it says nothing."""
        with (self._folder / _OUTPUT).open("rb") as output:
            said = output.read(_MUCH).decode("utf-8", "replace").splitlines()
        return next((line for line in said if line.startswith("asgi-inspect: ")), "")

    def close(self) -> None:
        """Make an end of it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with whatever its way has started
        self._process.communicate()

    def _read(self, question: str = "") -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        too_late = threading.Timer(_PATIENCE, self._process.kill)
        too_late.start()  # a server that hangs ends so
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            too_late.cancel()
        if not line:
            self._process.wait()  # it may still be saying why
            raise Trouble(f"the server of {self.order.app}, {self.order.way} ended{self._said()}")
        return json.loads(line)

    def _said(self) -> str:
        text = (self._folder / _OUTPUT).read_text("utf-8", "replace").strip()
        return f":\n{text[-2000:]}" if text else " and said nothing"


def main() -> None:
    """Serve what the argument says, until stdin ends."""
    order = Order(**json.loads(sys.argv[1]))
    with os.fdopen(os.dup(1), "w", buffering=1) as channel:
        os.dup2(2, 1)  # what the application prints stands in the output, too
        _serve(order, channel)


def _serve(order: Order, channel: IO[str]) -> None:
    import uvicorn

    class Listening(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                pin(order.core)
                threading.Thread(target=_answer, args=(channel, self), daemon=True).start()
                print(json.dumps({"port": self.servers[0].sockets[0].getsockname()[1]}), file=channel)

    try:
        app = _application(order)
    except NotHereError as why:
        print(json.dumps({"not_here": str(why)}), file=channel)
        return
    settings: dict[str, Any] = {"port": 0, "backlog": 4096, **parts()}
    settings |= {"log_level": SETTINGS[order.way].log_level} if order.way in SETTINGS else _SILENT
    Listening(uvicorn.Config(app, **settings)).run()


def _application(order: Order) -> Any:
    app = APPS[order.app].make()
    return app if order.way in SETTINGS else WAYS[order.way].wrap(app, Path(order.folder))


def parts() -> dict[str, str]:
    """What uvicorn runs on here: the fast ones, where they are installed."""
    loop = "uvloop" if util.find_spec("uvloop") else "asyncio"
    return {"loop": loop, "http": "httptools" if util.find_spec("httptools") else "h11"}


def _answer(channel: IO[str], server: Any) -> None:
    for _ in sys.stdin:
        print(json.dumps(asdict(_used(server.server_state.total_requests))), file=channel)
    os._exit(0)


def _used(requests: int) -> Used:
    return Used(time.process_time_ns(), memory(), peak(), requests)


def memory() -> int:
    """Bytes of this process that are its own; its peak, where the system does not tell."""
    try:
        return _kib("/proc/self/smaps_rollup", "Pss:")
    except OSError:
        return peak()


def peak() -> int:
    """The most bytes that this process had in memory."""
    try:
        return _kib("/proc/self/status", "VmHWM:")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _kib(path: str, name: str) -> int:
    line = next(line for line in Path(path).read_text("ascii").splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
