"""Each play writes a trace file of its own."""

from pathlib import Path

import pytest


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"
