"""Which rules are asked, what a wrong option is told, and that nothing is done where nothing is asked."""

import json
import re
from pathlib import Path

import pytest

import asgi_inspect.pytest_plugin
from asgi_inspect.lint.catalogue import all_rules
from asgi_inspect.pytest_plugin.judging import RAISED
from tests.pytest_plugin.project import Project

pytest_plugins = ("pytester",)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        ((), {"passed": 1}),
        (("--asgi-lint",), {"failed": 1}),
        (("-o", "asgi_lint=true"), {"failed": 1}),
        (("--asgi-lint", "--asgi-lint-ignore=H1,H304"), {"passed": 1}),
        (("--asgi-lint", "--asgi-lint-ignore=H1", "--asgi-lint-ignore=H304"), {"passed": 1}),
        (("--asgi-lint", "--asgi-lint-select=W,L"), {"passed": 1}),
        (("--asgi-lint", "--asgi-lint-select=H304"), {"failed": 1}),
        (("--asgi-lint", "--asgi-lint-level=error"), {"failed": 1}),
        (("--asgi-lint", "-o", "asgi_lint_ignore=H304"), {"passed": 1}),
        (("--asgi-lint", "-o", "asgi_lint_ignore=H304", "--asgi-lint-ignore=H1"), {"failed": 1}),
    ],
)
def test_which_rules_are_asked(project: Project, options: tuple[str, ...], outcomes: dict[str, int]) -> None:
    project.run("def test_short(): ask('/short')", *options).assert_outcomes(**outcomes)


def test_our_own_table_counts_where_pytests_does_not(project: Project) -> None:
    project.pytester.makepyprojecttoml("[tool.asgi-inspect.lint]\nignore = ['H304']\n")
    project.run("def test_short(): ask('/short')", "--asgi-lint").assert_outcomes(passed=1)
    project.run("def test_short(): ask('/short')", "--asgi-lint", "--asgi-lint-ignore=H1").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--asgi-lint", "--asgi-lint-select=Q"), 'ERROR: asgi-inspect: there is no rule "Q"*'),
        (("--asgi-lint", "-o", "asgi_lint_level=bad"), 'ERROR: asgi-inspect: there is no level "bad"*'),
        (("-o", "asgi_trace=always"), "ERROR: asgi-inspect: asgi_trace takes off, on or retain-on-failure*"),
        (("--asgi-trace=always",), "*--asgi-trace: invalid choice: 'always'*"),
    ],
)
def test_an_option_that_cannot_be_is_said_at_once(project: Project, options: tuple[str, ...], said: str) -> None:
    done = project.run("def test_one(): pass", *options)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([said])


def test_off_is_off_and_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASGI_INSPECT", "0")
    done = project.run("def test_short(): ask('/short')", "--asgi-lint")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["asgi-inspect: off, as the variable ASGI_INSPECT is 0"])


def test_our_own_failure_fails_no_test(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("asgi_inspect.lint.linter.Linter.feed", fail)
    done = project.run("def test_one(): ask('/short')\ndef test_two():\n  ask('/')\n  assert 0", "--asgi-lint")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        ["asgi-inspect failed (RuntimeError, in test_options.py, line *): some of what it should have told is missing"]
    )


def test_where_nothing_is_asked_nothing_is_imported(pytester: pytest.Pytester) -> None:
    """pytest loads the plugin in every project that has this package installed."""
    heavy = ("rich", "click", "msgspec", "orjson", "starlette", "uvicorn", "httpx", "asgi_inspect.middleware")
    pytester.makeconftest(
        f"import json, sys\ndef pytest_unconfigure():\n  print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    pytester.makepyfile("def test_one(): pass")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:anyio", "-p", "no:xdist")
    done.assert_outcomes(passed=1)
    assert json.loads(done.outlines[-1]) == []


def test_names_that_others_have_are_left_to_them() -> None:
    """Another linter's plugin has these."""
    taken = {"asgi_inspect", "asgi_validate", "--asgi-strict", "--asgi-min-severity"}
    source = Path(asgi_inspect.pytest_plugin.__file__).read_text("utf-8")
    assert not [name for name in taken if f'"{name}"' in source or f"def {name}(" in source]


def test_the_page_has_every_option_and_each_rule_that_is_not_asked(request: pytest.FixtureRequest) -> None:
    source = Path(asgi_inspect.pytest_plugin.__file__).read_text("utf-8")
    options = re.findall(r'"(--asgi-[a-z-]+)"', source) + re.findall(r'addini\("(\w+)"', source)
    page = (request.config.rootpath / "docs" / "testing.md").read_text("utf-8")
    assert len(options) > 8
    assert [name for name in options if f"`{name}" not in page] == []
    assert f"({', '.join(RAISED)})" in page
    assert {rule.code for rule in all_rules()} > set(RAISED)
