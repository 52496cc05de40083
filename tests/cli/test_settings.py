"""Where an option may be set, and which place wins."""

import os
from pathlib import Path
from typing import Any

import click
import pytest

from asgi_inspect.cli._settings import defaults, display_settings, lint_defaults, run_settings
from asgi_inspect.errors import UsageError
from asgi_inspect.trace.filter import Filter, parse_filter


def write(folder: Path, table: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.asgi-inspect]\n{table}\n")
    return file


def of_project(tmp_path: Path, table: str) -> dict[str, object]:
    write(tmp_path, table)
    return defaults(run_settings(), tmp_path, {})


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("", {}),
        ('format = "compact"', {"format": "compact"}),
        ("body-limit = 1024", {"body_limit": 1024}),
        ('body_limit = "1M"', {"body_limit": 1 << 20}),
        ('body-limit = "none"', {"body_limit": None}),
        ("max-bytes = 1048576\nkeep-files = 3", {"max_bytes": 1 << 20, "keep_files": 3}),
        ('max-bytes = "1M"\nkeep-files = "3"', {"max_bytes": 1 << 20, "keep_files": 3}),
        ("quiet = true\nutc = false\nappend = true", {"quiet": True, "utc": False, "append": True}),
        ("no-save = true", {"save": False}),
        ("scope = false\nno-body = true", {"scope": False, "body": False}),
        ("no-scope = false", {"scope": True}),
        ('color = "never"', {"color": "never"}),
        ('only = "path:/a"', {"only": [parse_filter("path:/a")]}),
        ('only = "errors"', {"only": ["errors"]}),
        ('only = [" Errors ", "none", "x,y"]', {"only": ["errors", Filter(), parse_filter("text:x,y")]}),
        ("only = 'text:error'", {"only": [parse_filter("text:error")]}),
        ('only = \'"error" -"errors"\'', {"only": [parse_filter("text:error -text:errors")]}),
        ('ignore = ["path:/a", "-status:5xx"]', {"ignore": [parse_filter("path:/a"), parse_filter("-status:5xx")]}),
        ('out = "-"', {"out": "-"}),
    ],
)
def test_pyproject(table: str, found: dict[str, object], tmp_path: Path) -> None:
    assert of_project(tmp_path, table) == found


def test_a_path_is_meant_from_where_the_file_is(tmp_path: Path) -> None:
    write(tmp_path, 'out = "traces/t.jsonl"')
    (tmp_path / "deep" / "er").mkdir(parents=True)
    found = defaults(run_settings(), tmp_path / "deep" / "er", {})
    assert found == {"out": str(tmp_path / "traces" / "t.jsonl")}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('colour = "never"', '[tool.asgi-inspect] knows no "colour"; did you mean "color"?'),
        ("x = 1", '[tool.asgi-inspect] knows no "x"; there is out, '),
        ("quiet = 1", '"quiet" in [tool.asgi-inspect] takes true or false, not 1.'),
        ('no-body = "yes"', "\"no-body\" in [tool.asgi-inspect] takes true or false, not 'yes'."),
        ("format = 1", '"format" in [tool.asgi-inspect] takes a string, not 1.'),
        ('format = "xml"', "\"format\" in [tool.asgi-inspect]: 'xml' is not one of 'pretty', 'compact', 'jsonl'."),
        ("body-limit = true", '"body-limit" in [tool.asgi-inspect] takes a size, not True.'),
        ("body-limit = 1.5", '"body-limit" in [tool.asgi-inspect] takes a size, not 1.5.'),
        ('body-limit = "much"', '"body-limit" in [tool.asgi-inspect]: takes a number of bytes'),
        ("only = 1", '"only" in [tool.asgi-inspect] takes a string or a list of strings, not 1.'),
        ('ignore = ["path:/a", 1]', '"ignore" in [tool.asgi-inspect] takes a string or a list of strings, not ['),
        ('only = "stauts:1"', '"only" in [tool.asgi-inspect]: unknown term "stauts" at 1: did you mean status?'),
        ('only = "error"', '"only" in [tool.asgi-inspect]: "error" is not errors, which records what failed; to show'),
        ('only = ["path:/a", "-Erorrs"]', '"erorrs" is not errors, which records what failed; to show what holds'),
        ('only = "err"', "what holds this text: text:err."),
        ('only = "x,error"', '"error" is not errors, which records what failed'),
        ('only = "errors path:/a"', "errors says what is recorded and stands alone; a filter of what is shown is"),
        ('only = "status:x"', '"only" in [tool.asgi-inspect]: "x" at 8 is no value of status: it takes 404'),
        ("out = 1", '"out" in [tool.asgi-inspect] takes a string, not 1.'),
        ('"\\u001b[31m" = 1', 'knows no "\\x1b[31m"'),
    ],
)
def test_what_is_wrong_is_named_with_its_place(table: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as wrong:
        of_project(tmp_path, table)
    assert str(wrong.value).startswith(f"{tmp_path / 'pyproject.toml'}: ")
    assert sentence in str(wrong.value)
    assert str(wrong.value)[-1] in ".?"


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(UsageError, match=r"pyproject.toml cannot be read as TOML: "):
        defaults(run_settings(), tmp_path, {})


def test_the_nearest_table_counts_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path, "utc = true")
    inner = tmp_path / "repository" / "inner" / "most"
    inner.mkdir(parents=True)
    assert defaults(run_settings(), inner, {}) == {"utc": True}
    (tmp_path / "repository" / "inner" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert defaults(run_settings(), inner, {}) == {"utc": True}
    (tmp_path / "repository" / ".git").mkdir()
    assert defaults(run_settings(), inner, {}) == {}
    write(tmp_path / "repository", "quiet = true")
    assert defaults(run_settings(), inner, {}) == {"quiet": True}


@pytest.mark.parametrize("content", ["tool = 1", "[tool]\nasgi-inspect = 1", "[tool.other]\nx = 1"])
def test_a_file_without_our_table(content: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(content)
    assert defaults(run_settings(), tmp_path, {}) == {}


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"ASGI_INSPECT_FORMAT": "compact"}, {"format": "compact"}),
        ({"ASGI_INSPECT_BODY_LIMIT": "64k"}, {"body_limit": 65536}),
        ({"ASGI_INSPECT_MAX_BYTES": "1G", "ASGI_INSPECT_KEEP_FILES": "2"}, {"max_bytes": 1 << 30, "keep_files": 2}),
        ({"ASGI_INSPECT_NO_SAVE": "1", "ASGI_INSPECT_SCOPE": "0"}, {"save": False, "scope": False}),
        ({"ASGI_INSPECT_UTC": "yes"}, {"utc": True}),
        ({"ASGI_INSPECT_OUT": "t.jsonl"}, {"out": "t.jsonl"}),
        ({"ASGI_INSPECT_ONLY": "path:/a,/b -x"}, {"only": [parse_filter("path:/a,/b -x")]}),
        ({"ASGI_INSPECT_OUT": "", "ASGI_INSPECT": "1", "ASGI_INSPECT_LAUNCH": "{}"}, {}),
    ],
)
def test_variables(environ: dict[str, str], found: dict[str, object], tmp_path: Path) -> None:
    assert defaults(run_settings(), tmp_path, environ) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASGI_INSPECT_UTC", "maybe"),
        ("ASGI_INSPECT_ONLY", "error"),
        ("ASGI_INSPECT_COLOR", "red"),
        ("ASGI_INSPECT_BODY_LIMIT", "-1"),
        ("ASGI_INSPECT_MAX_BYTES", "0"),
        ("ASGI_INSPECT_KEEP_FILES", "0"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=name):
        defaults(run_settings(), tmp_path, {name: value})


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'format = "compact"\nutc = true')
    environ = {"ASGI_INSPECT_FORMAT": "jsonl"}
    assert defaults(run_settings(), tmp_path, environ) == {"format": "jsonl", "utc": True}


def test_the_command_line_wins_over_all(tmp_path: Path) -> None:
    write(tmp_path, "utc = true\nquiet = true\nno-body = true")
    command = click.Command("x", params=list(run_settings()))
    found = defaults(run_settings(), tmp_path, {"ASGI_INSPECT_BODY_LIMIT": "1"})
    ctx = command.make_context("x", ["--no-utc", "--body", "--body-limit", "2k"], default_map=found)
    assert {key: ctx.params[key] for key in ("utc", "quiet", "body", "body_limit", "color")} == {
        "utc": False,
        "quiet": True,
        "body": True,
        "body_limit": 2048,
        "color": "auto",
    }


def test_a_command_that_only_shows_takes_what_concerns_it(tmp_path: Path) -> None:
    write(tmp_path, 'format = "compact"\nquiet = true')
    assert defaults(display_settings(), tmp_path, {"ASGI_INSPECT_APPEND": "1"}) == {"format": "compact"}


def test_no_file_that_may_not_be_read_stops_anybody(tmp_path: Path) -> None:
    file = write(tmp_path, "utc = true")
    file.unlink()
    file.mkdir()
    (tmp_path / ".git").mkdir()
    assert os.path.isdir(file)
    assert defaults(run_settings(), tmp_path, {}) == {}


# --- the linter's own table ---


def lint_of(folder: Path, table: str, **variables: str) -> dict[str, Any]:
    (folder / "pyproject.toml").write_text(table)
    return lint_defaults(folder, variables)


def test_what_the_linter_looks_for_stands_in_a_table_of_its_own(tmp_path: Path) -> None:
    table = '[tool.asgi-inspect]\nutc = true\n[tool.asgi-inspect.lint]\nselect = ["H", "W1"]\nignore = "A4"\nlevel = "info"\nlive = true\n'
    assert lint_of(tmp_path, table) == {"select": ["H", "W1"], "ignore": ["A4"], "level": "info"}
    assert defaults(run_settings(), tmp_path, {}) == {"utc": True, "lint": True}
    assert defaults(display_settings(), tmp_path, {}) == {"utc": True}


def test_variables_of_the_linter_win_over_the_table(tmp_path: Path) -> None:
    table = '[tool.asgi-inspect.lint]\nselect = "H"\nlevel = "info"\n'
    found = lint_of(
        tmp_path, table, ASGI_INSPECT_LINT_SELECT="W", ASGI_INSPECT_LINT="error", ASGI_INSPECT_IGNORE="path:/x"
    )
    assert found == {"select": ["W"], "level": "error"}
    assert lint_of(tmp_path, table, ASGI_INSPECT_LINT="1", ASGI_INSPECT_LINT_LEVEL="warning")["level"] == "warning"


@pytest.mark.parametrize(("value", "on"), [("1", True), ("error", True), ("INFO", True), ("0", False), ("off", False)])
def test_a_level_turns_the_linter_on(value: str, on: bool, tmp_path: Path) -> None:
    assert defaults(run_settings(), tmp_path, {"ASGI_INSPECT_LINT": value}) == {"lint": on}


def test_the_switch_may_stand_where_the_other_options_do(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asgi-inspect]\nlint = true\n")
    assert defaults(run_settings(), tmp_path, {}) == {"lint": True}
    assert lint_defaults(tmp_path, {}) == {}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("[tool.asgi-inspect.lint]\nlive = 3\n", '"live" in [tool.asgi-inspect.lint] takes 1 or 0 '),
        ('[tool.asgi-inspect]\nlint = "loud"\n', "\"lint\" in [tool.asgi-inspect] takes true or false, not 'loud'."),
    ],
)
def test_a_wrong_switch_is_one_sentence(table: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(table)
    with pytest.raises(UsageError) as caught:
        defaults(run_settings(), tmp_path, {})
    assert sentence in str(caught.value)
