"""Run the test suites that others ship, once plain and once with every application wrapped: no outcome may differ.

It fetches nothing but packages, from the index that pip is configured with. Each suite is run plain, wrapped (a trace to a
file, redaction on, as by default), and plain again: a test whose two plain runs differ is unsteady by itself, and told apart.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from .running import ROOT, Outcomes, Prepared, Trace, Trouble, prepare, run, survey
from .table import SUITES, Suite

HOME: Final = ROOT / ".venv" / "suites"
_ABSENT: Final = "did not run"


class Result(NamedTuple):
    """One suite, run three times."""

    prepared: Prepared
    plain: Outcomes
    wrapped: Outcomes
    again: Outcomes
    trace: Trace
    seconds: float

    @property
    def unsteady(self) -> list[str]:
        """The tests that differ between two plain runs."""
        return [test for test in self.plain | self.again if self.plain.get(test) != self.again.get(test)]

    @property
    def different(self) -> list[str]:
        """The tests that differ when wrapped, and only then."""
        return [test for test in self._changed if not self.why_apart(test)]

    @property
    def apart(self) -> list[str]:
        """Those among them that are known to, for a reason that is no fault."""
        return [test for test in self._changed if self.why_apart(test)]

    def why_apart(self, test: str) -> str:
        """That reason; empty for all other tests."""
        return next((why for begin, why in self.prepared.suite.apart if test.startswith(begin)), "")

    @property
    def _changed(self) -> list[str]:
        return [
            test
            for test in self.plain | self.again | self.wrapped
            if self.plain.get(test) == self.again.get(test) != self.wrapped.get(test)
        ]

    @property
    def good(self) -> bool:
        """Nothing differs, and it is certain that something was wrapped."""
        return not self.different and self.trace.connections > 0 and not self.trace.damaged


def main() -> int:
    """Run what is asked for; 1 where something differs or could not be run."""
    parser = argparse.ArgumentParser(prog="make transparency", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=[suite.package for suite in SUITES], help="this suite; may be repeated"
    )
    parser.add_argument(
        "--folder", type=Path, default=HOME, help="where archives and environments are kept for the next time"
    )
    parser.add_argument("--list", action="store_true", help="print the suites that there are")
    chosen = parser.parse_args()
    if chosen.list:
        print(*(suite.package for suite in SUITES), sep="\n")
        return 0
    results, troubles = [], []
    for suite in SUITES:
        if chosen.only is None or suite.package in chosen.only:
            try:
                results.append(_run(suite, chosen.folder))
            except Trouble as trouble:
                troubles.append(f"{suite.package} could not be run: {trouble}")
                _say(troubles[-1])
    _print(results)
    print(*troubles, sep="\n", end="\n" if troubles else "")
    return 0 if results and not troubles and all(result.good for result in results) else 1


def _run(suite: Suite, home: Path) -> Result:
    _say(f"{suite.package}: fetching and installing ...")
    prepared = prepare(suite, home)
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-suite-") as folder:
        file = Path(folder, "trace.jsonl")
        _say(f"{suite.package} {prepared.version}: plain ...")
        plain = run(prepared, "plain")
        _say(f"{suite.package}: {len(plain.outcomes)} tests in {plain.seconds:.0f} s; wrapped ...")
        wrapped = run(prepared, "wrapped", trace=file)
        trace = survey(file)
        _say(f"{suite.package}: {trace.connections} connections traced in {wrapped.seconds:.0f} s; plain again ...")
        again = run(prepared, "again")
    if not plain.outcomes:
        raise Trouble(f"no test ran: {plain.log}")
    result = Result(
        prepared,
        plain.outcomes,
        wrapped.outcomes,
        again.outcomes,
        trace,
        plain.seconds + wrapped.seconds + again.seconds,
    )
    _tell(result)
    return result


def _tell(result: Result) -> None:
    """The tests whose outcome differs, one by one."""
    name = result.prepared.suite.package
    for test in result.different:
        print(
            f"{name}: {test}\n  plain: {result.plain.get(test, _ABSENT)}\n  wrapped: {result.wrapped.get(test, _ABSENT)}"
        )
    for test in result.unsteady:
        print(
            f"{name}: unsteady without us: {test}: {result.plain.get(test, _ABSENT)}; {result.again.get(test, _ABSENT)}"
        )
    for test in result.apart:
        print(f"{name}: set apart: {test}: {result.why_apart(test)}")
    if not result.trace.connections:
        print(f"{name}: nothing was traced: what its tests drive is not wrapped")
    sys.stdout.flush()


def _print(results: list[Result]) -> None:
    print(
        "\n| suite | version | tests | passed plain | passed wrapped | different | set apart | unsteady | connections traced | lost records | seconds |"
    )
    print("| --- | --- " + "| ---: " * 9 + "|")
    for result in results:
        row = [
            result.prepared.suite.package,
            result.prepared.version,
            len(result.plain),
            _passed(result.plain),
            _passed(result.wrapped),
            len(result.different),
            len(result.apart),
            len(result.unsteady),
            result.trace.connections,
            result.trace.lost,
            f"{result.seconds:.0f}",
        ]
        print("|", " | ".join(map(str, row)), "|")


def _passed(outcomes: Outcomes) -> int:
    return sum(outcome in ("call passed", "success") for outcome in outcomes.values())


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
