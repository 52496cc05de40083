"""The page about reading traces: each of its examples runs on a trace of a real server."""

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from asgi_inspect.cli._main import command
from tests.serving import ROOT
from tests.trace.served import capture

PAGE = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `trace.jsonl` lies, as the examples have it."""
    folder = tmp_path_factory.mktemp("reading")
    capture("uvicorn", folder)
    return folder


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), ids=["plain", "pandas"])
def test_each_python_example_runs(
    code: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    exec(compile(code, "docs/reading.md", "exec"), {})
    said = capsys.readouterr().out
    assert "/api/broken" in said or "/api/items/{id}" in said


def test_the_query_of_duckdb_counts_the_statuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (line,) = re.findall(r"\$ (duckdb .*)", PAGE)
    found = duckdb.sql(shlex.split(line)[2])
    assert found is not None
    assert dict(found.fetchall())[200] >= 1


@pytest.mark.parametrize("line", re.findall(r"^\$ asgi-inspect (\w+)", PAGE, re.MULTILINE))
def test_each_command_of_the_page_is_there(line: str) -> None:
    assert line in command.list_commands(command.make_context("asgi-inspect", ["--help"], resilient_parsing=True))
