"""Memory for an encoder, asked for before the encoder asks: where there is none, orjson and msgspec end the whole process.

Both write into a buffer that they enlarge as they go, and neither survives that it cannot be: not an exception but a
segmentation fault, in the server's process. So for whatever is large the room is asked for here, in address space alone and
given back at once; where it cannot be had that is a MemoryError as any other, and a `$truncated` stands for the message.
"""

import mmap
from typing import Any, Final

LARGE: Final = 128 * 1024  # bytes; below, an allocation that fails means that nothing else works any more either
_FACTOR: Final = 17  # orjson wants eight bytes for each of a text, rounded up to a power of two; and the text once more
_SPARE: Final = 1024 * 1024


def ask_for(size: int) -> None:
    """Make sure that a text of `size` bytes can be encoded; raises MemoryError."""
    try:
        mmap.mmap(-1, _FACTOR * size + _SPARE).close()
    except (OSError, OverflowError, ValueError):
        raise MemoryError from None


def ask_for_tree(tree: Any) -> None:
    """The same for what is to be encoded: a message, of which some texts may be large."""
    size = _size(tree)
    if size > LARGE:
        ask_for(size)


def _size(tree: Any) -> int:
    """The bytes of the texts of a tree, as deep as bodies lie."""
    total = 0
    waiting: list[Any] = [tree]
    for _ in range(6):
        inner: list[Any] = []
        for x in waiting:
            if type(x) is str:
                total += len(x) if x.isascii() else 4 * len(x)
            elif type(x) is dict:
                inner += x.values()
            elif type(x) is list:
                inner += x
        waiting = inner
    return total
