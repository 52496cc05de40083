"""Each play writes a trace file of its own."""

from pathlib import Path

import pytest

from tests.stage import no_send_is_slow


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    no_send_is_slow(monkeypatch)
    return tmp_path / "trace.jsonl"
