"""One session of pytest with something asked of us: when a test begins and ends, and what becomes of what was found.

A phase of a test (its set-up, its call, its tear-down) in which a violation shows fails with the explained findings, like one
that calls `pytest.fail`; so expected failures, skipped tests and reports work as they always do. A test that fails anyway keeps
its own failure, and gets the findings as a section of its report. What of ours goes wrong fails nobody's test: it is said at
the end.
"""

import os
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from .. import middleware
from ..capture import tap
from ..capture.notice import name_of_type
from ..errors import UsageError
from ..views.spans import plural
from .case import Case
from .files import Folder, TraceFile, how_to_look
from .harnesses import watch_harnesses
from .judging import Judge, Told, rules_of
from .portion import AsgiTrace, Portion
from .settings import Settings
from .watching import Records, Taps

_Phase: TypeAlias = Generator[None, Any, Any]
_PROPERTY: Final = "asgi_trace"
_OUTPUT: Final = "asgi_inspect"
_TAPS: Final = (middleware, tap)
_HIDE: Final = (
    "__tracebackhide__"  # what pytest leaves out of tracebacks: what is ours between a client and its application
)


class Session:
    """The plugin at work."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = Settings.read(config)
        self._folder = Folder(config, self._settings.folder)
        self._file: TraceFile | None = None
        self._records = Records()
        self._taps = Taps(self._records)
        self._outside: list[str] = []
        """What was found when no test ran, as text."""
        self._troubles: dict[str, None] = {}
        """What of ours went wrong; as texts, each once."""
        self._told = Told()
        self._case = self._first_case()
        self._leave_harnesses = watch_harnesses(self._taps.watched)
        for module in _TAPS:
            setattr(module, _HIDE, True)

    def _first_case(self) -> Case:
        portion, rules = Portion(self._records), self._settings.rules
        return Case(None, portion, None if rules is None else Judge(rules.choice(), portion, self._told))

    def trace_of(self, item: pytest.Item) -> AsgiTrace:
        """The connections of a test that runs."""
        if self._case.item is not item:  # it is asked for by `getfixturevalue`, and nothing was asked of us before
            self._begin(item)
        return AsgiTrace(self._case.portion)

    # --- a test ----------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> _Phase:
        wrong = self._begin(item)
        result = yield from self._judged()
        if wrong is not None:  # said now: what others have around a set-up has to run
            raise pytest.fail.Exception(f"asgi-inspect: {wrong}", pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> _Phase:
        return (yield from self._judged())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> _Phase:
        return (yield from self._judged())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        try:
            self._add_to(report, item, None if call.excinfo is None else call.excinfo.value)
        except Exception as own:  # noqa: BLE001 (our own failure fails nobody's test)
            self._say_failed(own)
        return report

    def _begin(self, item: pytest.Item) -> UsageError | None:
        """A test begins, and with it everything that passes from now on is its own; what is wrong with its markers."""
        self._end()
        portion, judge, wrong = Portion(self._records, f"by {item.nodeid}", self._case.portion), None, None
        try:
            rules = None if self._settings.rules is None else rules_of(item, self._settings.rules)
            judge = None if rules is None else Judge(rules.choice(), portion, self._told, item.nodeid)
        except UsageError as error:
            wrong = error
        except Exception as own:  # noqa: BLE001 (as above)
            self._say_failed(own)
        self._case, self._file = Case(item, portion, judge), None
        return wrong

    def _end(self) -> None:
        """The test before is over for good."""
        try:
            rest = self._case.rest()
            self._taps.keep_only(self._case.portion.taps())
        except Exception as own:  # noqa: BLE001 (as above)
            self._say_failed(own)
        else:
            self._outside += [rest] if rest else []

    def _judged(self) -> _Phase:
        result = yield
        failure = None
        try:
            failure = self._case.judge_phase()
        except Exception as own:  # noqa: BLE001 (as above)
            self._say_failed(own)
        if failure is not None:
            raise failure
        return result

    def _add_to(self, report: pytest.TestReport, item: pytest.Item, raised: BaseException | None) -> None:
        case = self._case
        report.sections += case.end_phase(report, raised)
        over = report.when == "teardown"
        if case.portion.taken and self._settings.keeps(failed=case.failed) and (over or report.failed):
            new, self._file = self._file is None, self._file or self._folder.file_of(item)
            self._file.write(case.portion)
            told = (_PROPERTY, str(self._file.path))
            if new:
                item.user_properties.append(told)  # for the reports of the phases that follow; this one has a copy
                report.user_properties.append(told)
            if report.failed:
                report.sections.append(("ASGI trace", how_to_look(self._file.path)))

    def _say_failed(self, own: Exception) -> None:
        last = traceback.extract_tb(own.__traceback__)[-1]
        reason = own.strerror if isinstance(own, OSError) and own.strerror else name_of_type(own)
        where = f"{Path(last.filename).name}, line {last.lineno}"
        self._troubles[f"asgi-inspect failed ({reason}, in {where}): some of what it should have told is missing"] = (
            None
        )

    # --- the session -----------------------------------------------------------------------------------------------------

    def pytest_report_header(self) -> str | None:
        if os.environ.get("ASGI_INSPECT") == "0":
            return "asgi-inspect: off, as the variable ASGI_INSPECT is 0"
        rules = self._settings.rules
        return None if rules is None else f"asgi-inspect: tests fail at level {rules.level} and worse"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._end()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:  # of pytest-xdist: we are a worker
            output[_OUTPUT] = (self._outside, list(self._troubles))
        elif self._outside and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        outside, troubles = getattr(node, "workeroutput", {}).get(_OUTPUT, ((), ()))
        self._outside += outside
        self._troubles.update(dict.fromkeys(troubles))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for text in self._outside:
            terminalreporter.section("ASGI findings outside of the tests")
            terminalreporter.line(text)
        for line in (*self._kept(terminalreporter), *self._troubles):
            terminalreporter.line(line)

    def _kept(self, terminalreporter: pytest.TerminalReporter) -> list[str]:
        """The line that says how many traces are kept, and where."""
        reports = [report for reports in terminalreporter.stats.values() for report in reports]
        paths = {
            value for report in reports for name, value in getattr(report, "user_properties", ()) if name == _PROPERTY
        }
        folders = sorted({str(Path(path).parent) for path in paths})
        return [f"asgi-inspect: {plural(len(paths), 'trace')} in {', '.join(folders)}"] if paths else []

    def pytest_unconfigure(self) -> None:
        self._leave_harnesses()
        for module in _TAPS:
            vars(module).pop(_HIDE, None)
