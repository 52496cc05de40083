"""One suite: its archive fetched and unpacked, an environment of its own, and its tests run there, plain or wrapped."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import LostRecord, ScopeRecord

from .table import Suite

ROOT: Final = Path(__file__).parent.parent
INSIDE: Final = Path(__file__).parent / "inside"
LONGEST: Final = 1800  # seconds that one run of a suite may take

Outcomes = dict[str, str]


class Trouble(Exception):  # noqa: N818 (said to whoever runs the suites)
    """A suite cannot be run here."""


class Prepared(NamedTuple):
    """A suite that is ready to run."""

    suite: Suite
    version: str
    python: Path
    tests: Path
    folder: Path


class Run(NamedTuple):
    """What came of one run."""

    outcomes: Outcomes
    seconds: float
    log: Path


class Trace(NamedTuple):
    """What the wrapped run's trace holds."""

    connections: int
    lost: int
    damaged: int


def prepare(suite: Suite, home: Path) -> Prepared:
    """Fetch the archive, make the environment; what is there from an earlier time is taken."""
    folder = home / suite.package
    folder.mkdir(parents=True, exist_ok=True)
    archive = _archive(suite, folder)
    version = archive.name.removesuffix(".tar.gz").rpartition("-")[2]
    python = _environment(suite, version, folder)
    return Prepared(suite, version, python, _unpacked(suite, archive, folder), folder)


def _archive(suite: Suite, folder: Path) -> Path:
    found = sorted(folder.glob("*.tar.gz"))
    if not found:
        options = ["--quiet", "--no-deps", "--no-binary", suite.package, "--dest", str(folder)]
        _pip(Path(sys.executable), "download", *options, suite.package, log=folder / "download.log")
        found = sorted(folder.glob("*.tar.gz"))
    if not found:
        raise Trouble("the index has no source archive of it")
    return found[0]


def _environment(suite: Suite, version: str, folder: Path) -> Path:
    python = folder / "venv" / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], check=True)
        wanted = [f"{suite.package}{suite.extras}=={version}", *suite.needs]
        _pip(python, "install", "--quiet", *wanted, log=folder / "install.log")
        ready.touch()
    # Our own code as it is now, in place.
    _pip(python, "install", "--quiet", "--editable", str(ROOT), log=folder / "install-own.log")
    return python


def _pip(python: Path, *words: str, log: Path) -> None:
    done = subprocess.run([str(python), "-m", "pip", *words], capture_output=True, text=True, check=False)
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        raise Trouble(f"pip {words[0]} failed: {log} tells why")


def _unpacked(suite: Suite, archive: Path, folder: Path) -> Path:
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(source, filter="data")
    top = next(source.iterdir())
    for code in suite.folders:
        shutil.rmtree(top / code)
    return top / "tests" if suite.runner else top


def run(prepared: Prepared, name: str, *, trace: Path | None = None) -> Run:
    """Run all the tests once, wrapped where there is a trace to write."""
    outcomes = prepared.folder / f"{name}.outcomes"
    outcomes.unlink(missing_ok=True)
    log = prepared.folder / f"{name}.log"
    environment = _surroundings(prepared, outcomes, trace)
    begun = time.monotonic()
    with log.open("wb") as file:
        try:
            subprocess.run(
                _command(prepared), cwd=prepared.tests, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                timeout=LONGEST, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise Trouble(f"the tests took over {LONGEST} s: {log}") from late
    return Run(_read(outcomes), time.monotonic() - begun, log)


def _command(prepared: Prepared) -> list[str]:
    suite = prepared.suite
    if suite.runner:
        return [str(prepared.python), str(INSIDE / "suite_watch.py"), suite.runner, "--parallel=1", *suite.arguments]
    # The options of the suite itself ask for coverage, and for tests that run at the same time.
    options = [
        "-o",
        "addopts=",
        "-p",
        "suite_watch",
        "-p",
        "no:cacheprovider",
        "-q",
        "-ra",
        "--continue-on-collection-errors",
    ]
    return [str(prepared.python), "-m", "pytest", *options, *suite.arguments]


def _surroundings(prepared: Prepared, outcomes: Path, trace: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASGI_INSPECT", "PYTEST_"))}
    kept |= {
        "PYTHONPATH": str(INSIDE),
        "SUITE_OUTCOMES": str(outcomes),
        "SUITE_MODULES": " ".join(prepared.suite.modules),
    }
    kept["PATH"] = f"{prepared.python.parent}{os.pathsep}{kept.get('PATH', '')}"
    kept["VIRTUAL_ENV"] = str(prepared.python.parent.parent)
    return kept if trace is None else kept | {"SUITE_TRACE": str(trace)}


def _read(outcomes: Path) -> Outcomes:
    """Test by test: all its steps in one line."""
    steps: dict[str, list[str]] = defaultdict(list)
    if outcomes.exists():
        for line in outcomes.read_text(encoding="utf-8").splitlines():
            test, outcome = json.loads(line)
            steps[test].append(outcome)
    return {test: ", ".join(what) for test, what in steps.items()}


def survey(trace: Path) -> Trace:
    """Read the trace whole."""
    damages: list[Damage] = []
    connections = lost = 0
    if trace.exists():
        for record in read_trace(trace, on_damage=damages.append):
            if isinstance(record, ScopeRecord):
                connections += record.layer == 0
            elif isinstance(record, LostRecord):
                lost += record.records
    return Trace(connections, lost, len(damages))
