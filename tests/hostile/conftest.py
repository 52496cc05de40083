"""A folder with the hostile trace in it, in a file whose name is an attack too."""

import os
from pathlib import Path

import pytest

from tests.hostile import nasty
from tests.serving import ROOT

FILE_NAME = nasty.NASTY.replace("/", "").replace("\0", "")[:80] + "\x9b8m\u202e\r.jsonl"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("hostile")
    trace = nasty.write(found / "t.jsonl").read_bytes()
    (found / FILE_NAME).write_bytes(trace[: trace.index(b"\n") + 1] + f'{{"record":"{nasty.MARKUP}\u202e"\n'.encode())
    (found / "broken.jsonl").write_bytes(
        trace.replace(b'"conn"', b'"co\xc2\x9b8mnn"', 9).replace(b'"n":2', b'"n":"\xe2\x80\xae"')
    )
    (found / "other.txt").write_text(nasty.NASTY * 9)
    return found


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """No pager, a wide terminal that can show everything, and no state of anybody's."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PAGER": "",
        "LC_ALL": "C.UTF-8",
    }
