"""A callable of the user's that gets the records and raises, blocks or worse: client and server see nothing of it; it is said once."""

from pathlib import Path

import pytest

from tests.faults.pairing import get, logged, pair, seen

RAISES = {
    "raises": "raised ValueError",
    "exits": "raised SystemExit",
    "unspeakable": "raised Unspeakable",
    "recurses": "raised RecursionError",
}


@pytest.mark.parametrize("name", RAISES)
def test_one_that_raises(name: str, tmp_path: Path) -> None:
    with pair(tmp_path / "none", out=name) as servers:
        for number in range(20):
            plain, wrapped = (seen(server, get(f"/{number}")) for server in servers.both)
            assert wrapped == plain
        assert servers.wrapped.stop() == servers.plain.stop()
        lines = logged(servers.wrapped)
    said = [line for line in lines if line.startswith("asgi-inspect: ")]
    assert said == [f"asgi-inspect: the callable given as out= {RAISES[name]}; it gets the next records all the same"]
    assert [line for line in lines if line not in said] == logged(servers.plain)


def test_one_that_blocks_for_ever(tmp_path: Path) -> None:
    """The server answers all the while, and ends within the limits that it is told at its end."""
    with pair(tmp_path / "none", out="blocks") as servers:
        for number in range(50):
            plain, wrapped = (seen(server, get(f"/{number}")) for server in servers.both)
            assert wrapped == plain
        assert servers.wrapped.stop(timeout=20) == servers.plain.stop()
        assert logged(servers.wrapped) == logged(servers.plain)


def test_one_that_answers_nothing_else(tmp_path: Path) -> None:
    """It can be called, and that is all that is asked of it."""
    kept = tmp_path / "kept"
    with pair(tmp_path / "none", out="odd", KEPT=str(kept)) as servers:
        plain, wrapped = (seen(server, get("/")) for server in servers.both)
        assert wrapped == plain
        assert servers.wrapped.stop() == servers.plain.stop()
        assert logged(servers.wrapped) == logged(servers.plain)
    assert kept.read_text().split().count("EndRecord") == 2
