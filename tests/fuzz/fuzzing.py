"""One target fuzzed for a while: by hypothesis, which makes what it finds small, or led by atheris, which sees the branches."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import util
from typing import Any, Final, NamedTuple

from hypothesis import HealthCheck, given, settings

from asgi_inspect.text import safe
from tests.fuzz.targets import Target, source_of
from tests.serving import ROOT

_BATCH: Final = 100  # examples between two looks at the clock
QUIETLY: Final = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False
)
MARK: Final = "found: "
_DONE: Final = re.compile(r"^Done (\d+) runs?", re.MULTILINE)
_SEEN: Final = re.compile(r"^#(\d+)", re.MULTILINE)
_GRACE: Final = 60  # seconds for atheris to begin and to end


class Fuzzed(NamedTuple):
    """What came of it: how many examples, and the line that keeps what was found."""

    examples: int
    found: str | None


class Found(Exception):
    """A value broke a law."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


def law_of(name: str, target: Target, counting: Callable[[], None]) -> Callable[[Any], None]:
    """The law; broken, it raises the line under which the value can be kept."""

    def law(value: Any) -> None:
        counting()
        try:
            target.law(value)
        except Exception as exc:
            first = str(exc).partition("\n")[0]
            raise Found(f"    ({name!r}, {source_of(value)}),  # {type(exc).__name__}: {safe(first)[:100]}") from exc

    return law


def by_hypothesis(name: str, target: Target, seconds: float) -> Fuzzed:
    """Batch after batch, until the time is over or something is found."""
    examples = 0

    def count() -> None:
        nonlocal examples
        examples += 1

    @settings(QUIETLY, max_examples=_BATCH)
    @given(target.values)
    def batch(value: Any) -> None:
        law_of(name, target, count)(value)

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            batch()
        except Found as found:
            return Fuzzed(examples, found.line)
    return Fuzzed(examples, None)


def has_atheris() -> bool:
    """Whether it is installed: it is made for few platforms."""
    return util.find_spec("atheris") is not None


def by_atheris(name: str, seconds: float) -> Fuzzed:
    """In a process of its own, which is the only way that it goes."""
    command = [sys.executable, "-m", "tests.fuzz.led", name, str(max(1, round(seconds)))]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds + _GRACE, check=False
    )  # fmt: skip
    said = done.stdout + done.stderr
    counts = _DONE.findall(said) or _SEEN.findall(said)
    found = [line.partition(MARK)[2] for line in said.splitlines() if MARK in line]
    if done.returncode and not found:
        raise RuntimeError(f"atheris ended with status {done.returncode}: {said[-2000:]}")
    return Fuzzed(int(counts[-1]) if counts else 0, found[0] if found else None)
