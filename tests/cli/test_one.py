"""Which connection `--conn` means."""

from pathlib import Path

import pytest

from asgi_inspect.cli._one import find_one
from asgi_inspect.errors import UsageError
from asgi_inspect.trace.filter import Filter, parse_filter
from asgi_inspect.trace.search import Traces
from tests.cli.conftest import conversation, lines, process

TRACE = lines(
    process("aaaa1111", 4711),
    *conversation("aaaa1111", 1),
    *conversation("aaaa1111", 17),
    process("bbbb2222", 4712),
    *conversation("bbbb2222", 1),
    *conversation("bbbb2222", 3),
)


def found(text: str, tmp_path: Path, trace: bytes = TRACE, filter: str = "") -> str | None:
    (tmp_path / "t.jsonl").write_bytes(trace)
    with Traces([str(tmp_path / "t.jsonl")]) as traces:
        one = find_one(traces, text, parse_filter(filter) if filter else Filter())
    return None if one is None else one.connection.conn


@pytest.mark.parametrize(
    ("text", "conn"),
    [
        ("aaaa1111.1", "aaaa1111.1"),
        ("aaaa1111.17", "aaaa1111.17"),
        ("17", "aaaa1111.17"),
        ("#17", "aaaa1111.17"),
        ("4712#1", "bbbb2222.1"),
        ("aaaa#1", "aaaa1111.1"),
        ("2222.1", "bbbb2222.1"),
        ("3", "bbbb2222.3"),
        ("7", None),
        ("#7", None),
        ("4713#1", None),
        ("#", None),
        ("nothing", None),
        ('"', None),
        ("\\", None),
        ("*", None),
        ("a b,c:d", None),
    ],
)
def test_what_is_meant(text: str, conn: str | None, tmp_path: Path) -> None:
    assert found(text, tmp_path) == conn


def test_what_may_be_several_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--conn 1 may be 4711#1, 4712#1: give one of them in full\."):
        found("1", tmp_path)


def test_a_filter_may_tell_them_apart(tmp_path: Path) -> None:
    assert found("1", tmp_path, filter="proc:4712") == "bbbb2222.1"


def test_an_id_in_full_is_that_one_though_it_ends_another(tmp_path: Path) -> None:
    both = lines(*conversation("a", 1), *conversation("aa", 1))
    assert found("a.1", tmp_path, both) == "a.1"
    assert found("aa.1", tmp_path, both) == "aa.1"


def test_what_a_process_number_does_not_tell_apart_is_named_by_its_id(tmp_path: Path) -> None:
    again = lines(process("cccc3333", 4711), *conversation("cccc3333", 1), *conversation("dddd4444", 1))
    with pytest.raises(UsageError, match=r"may be aaaa1111\.1, 4712#1, cccc3333\.1, dddd4444\.1: give one"):
        found("#1", tmp_path, TRACE + again)


def test_no_text_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--conn takes the id of a connection"):
        found("", tmp_path)
