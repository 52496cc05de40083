"""The parent's part: start the process that asks, wait for its end, and read what it has written down."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import msgspec

from ...launch.examine import where
from ...launch.interpreter import child_command
from ...launch.trial import Failed
from ...options import LAUNCH_VARIABLE, PREFIX, Launch
from ...redaction.fingerprint import new_key
from .order import DECODER, Asked, Began, Done, Line, Loaded, Order, Refused

_STANDARD_ERROR = 2
_ENTRY = "asgi_inspect.cli._checking.child"


@dataclass
class Answers:
    """What became of an application that was asked."""

    status: int
    """The exit status of its process, negative for a death by signal."""
    place: str | None
    """Where it stood still, as `file, line 3`."""
    stuck: bool
    """Whether it was ended for that."""
    loaded: bool = False
    file: str = ""
    """The file of the application's module."""
    refused: bool = False
    failed: Failed | None = None
    asked: list[Asked] = field(default_factory=list)
    open: str | None = None
    """The connection in which it ended."""
    done: bool = False


def ask(order: Order, arguments: Sequence[str], trace: Path, redact: list[str], environ: Mapping[str, str]) -> Answers:
    """Let a process of its own load the application, as uvicorn would with these arguments, and ask it.

    redact: the names that are withheld of the trace, beside the default ones.
    """
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-") as folder:
        Path(folder, "order.json").write_bytes(msgspec.json.encode(order))
        launch = Launch(str(trace), max_bytes=None, redact=redact, key=new_key().hex(), server="uvicorn")
        environ = {
            **{name: value for name, value in environ.items() if not name.startswith(PREFIX)},
            LAUNCH_VARIABLE: msgspec.json.encode(launch).decode(),
            f"{PREFIX}FLUSH": "record",  # it may be ended at any moment
        }
        with _process(child_command("uvicorn", arguments, (_ENTRY, folder)), environ) as process:
            status = process.wait()
        return _read(Path(folder, "log"), status)


@contextmanager
def _process(command: Sequence[str], environ: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """A process that ends with this block, with all that it has started. What it prints goes to standard error."""
    with _ended_in_order():
        process = subprocess.Popen(  # noqa: S603 - what a run starts, too
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=_STANDARD_ERROR,
            start_new_session=True,  # to end all that it has started, and to keep the terminal's signals from it
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError, PermissionError):  # all of them have ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Within this block SIGTERM is an exception: the other process, which has a session of its own, would not hear it."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, end) for number in numbers if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(log: Path, status: int) -> Answers:
    lines = log.read_text("utf-8", "backslashreplace").splitlines(keepends=True) if log.exists() else []
    told = [line for line in lines if line.startswith("{")]
    stacks = "".join(line for line in lines if not line.startswith("{"))
    answers = Answers(status, where(stacks), stuck=bool(stacks))
    for line in told:
        with suppress(msgspec.DecodeError):  # one that was begun only, by a process that was ended
            _take(answers, DECODER.decode(line))
    return answers


def _take(answers: Answers, line: Line) -> None:
    match line:
        case Loaded():
            answers.loaded, answers.file = True, line.file
        case Refused():
            answers.refused = True
        case Failed():
            answers.failed = line
        case Began():
            answers.open = line.label
        case Asked():
            answers.asked.append(line)
            answers.open = None
        case Done():
            answers.done = True
