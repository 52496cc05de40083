"""The table in docs/launching.md is the matrix, and each cell of it has its test."""

import importlib
from pathlib import Path

from tests.servers.table import PAGE, shown, table
from tests.servers.ways import COVERED, WAYS, Feature


def test_the_page_has_the_matrix() -> None:
    assert shown(PAGE.read_text(encoding="utf-8")) == table(), "python -m tests.servers.table"


def test_each_column_has_a_test() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.servers.{path.stem}")
    assert set(Feature) == COVERED


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({way.name for way in WAYS}) == len(WAYS)
