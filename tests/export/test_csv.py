"""CSV: read back by Python's own reader, and nothing in it is a formula."""

import csv
import io
from pathlib import Path

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.trace.records import EndRecord
from tests.export.exporting import asked, export, written


def rows(file: Path, filter: str = "", fields: str | None = None) -> list[dict[str, str]]:
    text = export("csv", file, filter, fields=fields)
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_row_a_connection(captured: Path) -> None:
    found = rows(captured, "-type:lifespan")
    assert len(found) == 14
    (row,) = [row for row in found if row["path"] == "/form"]
    assert (row["method"], row["status"], row["type"], row["outcome"]) == ("POST", "200", "http", "returned")
    assert row["request_bytes"] == "16"
    assert int(row["duration_us"]) >= int(row["answered_us"]) > 0
    (talk,) = [row for row in found if row["path"] == "/talk"]
    assert (talk["close_code"], talk["close_reason"], talk["closed_by"]) == ("4001", "as told", "application")
    assert all(row["pid"] for row in found)


def test_fields_can_be_chosen(captured: Path) -> None:
    found = rows(captured, "path:/raise", "path,error,header:host")
    assert [list(row) for row in found] == [["path", "error", "header:host"]]
    assert found[0]["error"] == "ValueError"


def test_a_field_that_there_is_not(captured: Path) -> None:
    with pytest.raises(UsageError, match='no field "statsu"; did you mean status'):
        export("csv", captured, fields="statsu")


@pytest.mark.parametrize("path", ["a,b", 'a"b', "a\nb", "a\r\nb", " a ", "é 日本", "", "\x1b[2J"])
def test_any_path_comes_back(path: str, tmp_path: Path) -> None:
    end = EndRecord(conn="p.1", n=4, t_us=30, outcome="returned")
    assert rows(written(tmp_path, [*asked(path=path), end]))[0]["path"] == path


@pytest.mark.parametrize("path", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_formulas_are_defused(path: str, tmp_path: Path) -> None:
    assert rows(written(tmp_path, asked(path=path)))[0]["path"] == f"'{path}"
