import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace import blocks as module
from asgi_inspect.trace.blocks import Block, blocks

texts = st.lists(st.binary(max_size=12) | st.just(b"\n") | st.just(b"\n\n"), max_size=12).map(b"".join)


@given(texts, st.integers(1, 20), st.lists(st.integers(0, 60), max_size=4))
def test_the_parts_of_a_file_are_its_lines_each_once(data: bytes, size: int, cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts) - {0}), None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", size)
        found = [
            block for begin, end in itertools.pairwise(places) for block in blocks(io.BytesIO(data), begin or 0, end)
        ]
    assert b"".join(block.data for block in found) == data
    for block in found:
        assert data[block.begin :].startswith(block.data)
        assert block.begin == 0 or data[block.begin - 1 : block.begin] == b"\n"
    assert all(block.data.endswith(b"\n") for block in found[:-1])


@given(texts, st.integers(1, 20), st.integers(0, 20))
def test_of_a_line_that_is_too_long_only_its_beginning_is_told(data: bytes, size: int, more: int) -> None:
    limit = size + more  # a block is never longer than that
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", size)
        found = list(blocks(io.BytesIO(data), limit=limit))
    kept = [None if block.overlong is not None else line for block in found for line in lines_of(block.data) or [b""]]
    assert kept == [line if len(line) <= limit else None for line in lines_of(data)]
    for block in found:
        assert data[block.begin :].startswith(block.overlong or block.data)


def lines_of(data: bytes) -> list[bytes]:
    """Lines with their line breaks, of which `splitlines` knows too many."""
    return list(io.BytesIO(data))


def test_text_is_read_as_utf_8() -> None:
    assert list(blocks(io.StringIO("é\n\ud800"))) == [Block(0, "é\n".encode()), Block(3, b"\xed\xa0\x80")]


def test_a_file_that_shrinks_has_no_more_lines() -> None:
    assert list(blocks(io.BytesIO(b"a\nb\n"), 100, 200)) == []
    assert list(blocks(io.BytesIO(b"a\nb\n"), 4, None)) == []
