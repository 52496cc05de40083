"""Stands inside a suite: writes down what each test came to, under pytest (as a plugin) and under unittest (as a script).

SUITE_OUTCOMES names the file; where SUITE_TRACE is set, every application is wrapped (`suite_wrap`).
"""

import atexit
import importlib
import json
import os
import runpy
import sys
import unittest
from typing import Any

suite_wrap: Any = importlib.import_module("suite_wrap") if "SUITE_TRACE" in os.environ else None

_file = open(os.environ["SUITE_OUTCOMES"], "a", encoding="utf-8", buffering=1)  # noqa: SIM115 (until the process ends)
atexit.register(_file.close)


def note(test: str, outcome: str) -> None:
    """One line: a step of a test, and how it ended."""
    _file.write(json.dumps([test, outcome]) + "\n")


# --- pytest --------------------------------------------------------------------------------------------------------------


def pytest_configure(config: Any) -> None:
    """The packages' own classes, as early as can be."""
    if suite_wrap is not None:
        suite_wrap.wrap_drivers()


def pytest_collection_finish(session: Any) -> None:
    """By now the test modules are imported."""
    if suite_wrap is not None:
        suite_wrap.wrap_classes()


def pytest_collectreport(report: Any) -> None:
    """A module that cannot be imported has no tests."""
    if report.failed:
        note(report.nodeid, "not collected")


def pytest_runtest_logreport(report: Any) -> None:
    """Setup, call and teardown, those that say something."""
    if report.when == "call" or report.outcome != "passed":
        expected = " as expected" if hasattr(report, "wasxfail") else ""
        note(report.nodeid, f"{report.when} {report.outcome}{expected}")


# --- unittest ------------------------------------------------------------------------------------------------------------


def _watch_unittest() -> None:
    for method in ("Success", "Error", "Failure", "Skip", "ExpectedFailure", "UnexpectedSuccess"):
        _noting(f"add{method}", method.lower())


def _noting(name: str, outcome: str) -> None:
    original = getattr(unittest.TestResult, name)

    def noting(self: Any, test: Any, *more: Any) -> None:
        note(test.id(), outcome)
        original(self, test, *more)

    setattr(unittest.TestResult, name, noting)


if __name__ == "__main__":
    _watch_unittest()
    sys.argv = sys.argv[1:]
    sys.path.insert(0, os.getcwd())
    if suite_wrap is not None:
        suite_wrap.wrap_drivers()
        suite_wrap.wrap_classes()
    runpy.run_path(sys.argv[0], run_name="__main__")
