"""Looking at an application before it is served: a process of its own loads it as a run would, with a time limit.

It may print, hang, crash and end its process: nothing of that reaches us but what is told here. What it starts ends with it.
"""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from ..options import LAUNCH_VARIABLE, Launch
from .interpreter import child_command
from .trial import Failed, Found, is_library

_GRACE: Final = 2.0  # seconds that it has, after the limit, to tell where it stands
_LINES: Final = 200
_LONGEST: Final = 1000  # bytes of a line of its output
_FRAME: Final = re.compile(r'^  File "(.*)", line (\d+) in ', re.MULTILINE)


@dataclass(frozen=True)
class Examination:
    """What became of it."""

    outcome: Found | Failed | None
    """None where the process ended on its own, or was ended by us."""
    status: int | None
    """Its exit status, negative for a death by signal; None where it did not end in time."""
    place: str | None
    """Where it stood then, as `file, line 3`, if that could be told."""
    output: Sequence[str]
    """The last lines that it printed."""


def examine(server: str, arguments: Sequence[str], seconds: float, environ: Mapping[str, str]) -> Examination:
    """Let the server that this word starts load its application, for at most so long, and serve nothing."""
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-") as folder:
        answer = Path(folder, "answer")
        launched = msgspec.json.encode(Launch(str(Path(folder, "trace.jsonl")))).decode()
        process = subprocess.Popen(  # noqa: S603 - what a run starts, too
            child_command(server, arguments, ("asgi_inspect.launch.trial", str(answer), str(seconds))),
            env={**environ, LAUNCH_VARIABLE: launched},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # to end all that it has started, and to keep the terminal's signals from it
        )
        assert process.stdout is not None
        output: deque[str] = deque(maxlen=_LINES)
        reader = threading.Thread(target=_read, args=(process.stdout, output), daemon=True)
        reader.start()
        status: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(seconds + _GRACE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join(_GRACE)  # who has left its session may hold its output for longer
        text = answer.read_text("utf-8", "backslashreplace") if answer.exists() else ""
    if text.startswith("{"):
        return Examination(msgspec.json.decode(text, type=Found | Failed), status, None, list(output))
    return Examination(None, None if text else status, where(text), list(output))


def _read(stream: IO[bytes], output: deque[str]) -> None:
    with stream:
        while line := stream.readline(_LONGEST):
            output.append(line.decode("utf-8", "backslashreplace").rstrip())


def where(stacks: str) -> str | None:
    """Where the main thread stands, in the user's own code if any of that is in it; its stack is the last one."""
    frames = _FRAME.findall(stacks.rpartition("\nThread ")[2])
    own = [frame for frame in frames if not is_library(frame[0])]
    if not frames:
        return None
    file, line = (own or frames)[0]
    return f"{file.encode('ascii', 'backslashreplace').decode('unicode_escape')}, line {line}"  # it is written as ASCII
