"""Under real servers: each habit of an application breaks the rules that the table says, and no other."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.finding import Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.trace.records import Record
from tests.lint.servers import application, examples, lifespans, table
from tests.lint.servers.serving import SERVERS, asked, asked_over_http_2
from tests.lint.servers.walking import HABITS, Call

_APPLICATION = "tests.lint.servers.application"


@pytest.mark.parametrize("server", SERVERS)
def test_each_habit_breaks_its_rules(server: str, tmp_path: Path) -> None:
    told = asked(server, _APPLICATION, HABITS, tmp_path)
    wanted: dict[Call, table.Codes] = {("http", path): table.of(row, server) for path, row in table.HTTP.items()}
    wanted |= {("websocket", path): table.of(row, server) for path, row in table.WEBSOCKET.items()}
    assert {call: _codes(told.get(call), server) for call in HABITS} == wanted


def test_each_habit_with_extensions_breaks_its_rule(tmp_path: Path) -> None:
    told = asked_over_http_2("hypercorn", _APPLICATION, application.HTTP_2, tmp_path)
    assert {path: _codes(told["http", path], "hypercorn") for path in application.HTTP_2} == table.HTTP_2


@pytest.mark.filterwarnings("ignore:The .warn. method is deprecated:DeprecationWarning")  # hypercorn uses it
@pytest.mark.parametrize("server", lifespans.SERVERS)
def test_each_habit_of_a_lifespan_breaks_its_rule(server: str, tmp_path: Path) -> None:
    found = {habit: _codes(lifespans.live(server, habit, tmp_path), server) for habit in application.LIFESPAN}
    assert found == {habit: table.of(row, server) for habit, row in table.LIFESPAN.items()}


@pytest.mark.parametrize("server", SERVERS)
def test_each_bad_example_breaks_its_rule(server: str, tmp_path: Path) -> None:
    calls = {call: conduct for call, conduct in examples.conducts().items() if _code(call) not in table.ENDS_SERVERS}
    told = asked(server, "tests.lint.servers.examples", calls, tmp_path, stays=False)
    silent = {
        _code(call) for call in calls if _code(call) not in {found.code for found in _found(told[call], _code(call))}
    }
    assert silent == table.NOT_SHOWN.get("", set()) | table.NOT_SHOWN.get(server, set())


def _code(call: Call) -> str:
    return call[1].split("/")[1]


def _codes(records: Iterable[Record] | None, server: str) -> table.Codes:
    """What is found in one connection, but for what this server does in each."""
    if records is None:
        return None
    told = {_told(finding) for finding in _found(records)}
    return ", ".join(sorted(told - set(table.COMPANIONS.get(server, "").split(", "))))


def _found(records: Iterable[Record], *also: str) -> list[Finding]:
    linter = Linter(Choice(select=("default", *also)))
    for record in records:
        linter.feed(record)
    linter.finish()
    return linter.findings


def _told(finding: Finding) -> str:
    return finding.code if finding.party == "application" else f"{finding.party} {finding.code}"
