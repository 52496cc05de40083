"""Calls from the very end of the stack."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def at_the_end_of_the_stack(call: Callable[[], Any], whole: Any) -> list[Any]:
    """The results of a call with ever more levels of the stack left, up to the first that equals `whole`."""
    results: list[Any] = []

    def descend(levels: int) -> Any:
        return call() if levels == 0 else descend(levels - 1)

    for left in range(1, 300):
        try:
            result = descend(sys.getrecursionlimit() - _depth() - left)
        except RecursionError as exc:
            if not _is_ours(exc):
                raise
            continue
        results.append(result)
        if result == whole:
            return results
    raise AssertionError(results)


def _depth() -> int:
    depth = 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        frame = frame.f_back
        depth += 1
    return depth


def _is_ours(exc: RecursionError) -> bool:
    """Whether the call had not even begun: the stack ended in this file, or at the call of a lambda's function."""
    traceback = exc.__traceback__
    files = []
    while traceback is not None:
        files.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return not any("asgi_inspect" in file.split("/") and "tests" not in file.split("/") for file in files)
