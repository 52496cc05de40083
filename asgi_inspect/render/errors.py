"""An exception from a trace as a traceback that a person can use: the way Python tells it, oldest cause first.

Frames of libraries are folded to one line, but the one that raised stays. A source line is shown where the file is still
there to be read; it may have changed since.
"""

import linecache
import os
import re
from collections.abc import Iterator
from typing import Final

from ..trace.records import ErrorInfo, Frame
from ..views.spans import Line, Own, plural
from .fields import MOST_TEXT, data

_MOST_ERRORS: Final = 50  # of one chain or group; capture keeps fewer
_LONGEST_NAME: Final = 500  # characters of a type or a function
_MOST_LINES: Final = 50  # of one message or note
# Where installed packages and Python's own modules live, on whichever machine the trace was made.
_LIBRARY: Final = re.compile(
    r"/lib(?:64)?/python3(?:\.\d+t?)?(?:/(?:site|dist)-packages)?/|/python3\d+/lib/(?:site-packages/)?|/(?:site|dist)-packages/",
    re.IGNORECASE,
)
_CAUSE: Final = "The above exception was the direct cause of the following:"
_CONTEXT: Final = "While handling the above exception, another one was raised:"


def short_type(error: ErrorInfo) -> str:
    """The name of its class, without the module."""
    return error.type.rpartition(".")[2][:_LONGEST_NAME] or "an exception"


def summary(error: ErrorInfo) -> Line:
    """Type and message on one line."""
    message = error.message
    line = data(error.type, "error", _LONGEST_NAME)
    return [*line, (": ", "error"), *data(message, "error", 500)] if message else line


def traceback(error: ErrorInfo, *, all_frames: bool) -> Iterator[Line]:
    """The whole story: causes and contexts, frames, message, notes, and the members of a group."""
    yield [("Traceback (most recent call last):", "quiet")]
    budget = iter(range(_MOST_ERRORS))
    yield from _story(error, 0, all_frames, budget)


def _story(error: ErrorInfo, depth: int, all_frames: bool, budget: Iterator[int]) -> Iterator[Line]:
    indent = "  " * depth
    if next(budget, None) is None:
        yield [(indent, ""), (Own("… and more exceptions"), "quiet")]
        return
    before, words = (error.cause, _CAUSE) if error.cause is not None else (error.context, _CONTEXT)
    if before is not None:
        yield from _story(before, depth, all_frames, budget)
        yield [(indent, ""), (Own(words), "quiet")]
    for line in _frames(error.frames, all_frames):
        yield [(indent, ""), *line]
    name = data(error.type, "error", _LONGEST_NAME)
    for number, text in enumerate((error.message or "").split("\n")[:_MOST_LINES]):
        begin: Line = [*name, (": ", "error")] if text else name
        yield [(indent, ""), *(begin if not number else [("  ", "")]), *data(text, "error")]
    for note in error.notes:
        for text in note.split("\n")[:_MOST_LINES]:
            yield [(indent + "  ", ""), *data(text, "warning")]
    for number, member in enumerate(error.exceptions, 1):
        yield [(indent + "  ", ""), (Own(f"─ {number} of {len(error.exceptions)}"), "quiet")]
        yield from _story(member, depth + 2, all_frames, budget)
    if error.cut:
        yield [(indent, ""), *data(f"(left out: {', '.join(error.cut)})", "quiet")]


def _frames(frames: list[Frame], all_frames: bool) -> Iterator[Line]:
    """Frames of the user's code with their source; runs of library frames as one line, the raising one apart."""
    folded: list[Frame] = []
    for index, frame in enumerate(frames):
        library = is_library(frame.file)
        if library and not all_frames and index < len(frames) - 1:
            folded.append(frame)
            continue
        yield from _fold_line(folded)
        folded = []
        yield _place(frame, "frame.library" if library else "frame")
        if source := _source(frame):
            yield [("    ", ""), *data(source, "quiet" if library else "source", 400)]
    yield from _fold_line(folded)


def _fold_line(folded: list[Frame]) -> Iterator[Line]:
    if not folded:
        return
    packages = dict.fromkeys(_package(frame.file) for frame in folded)
    yield [
        ("  ", ""),
        (Own("… "), "quiet"),
        (f"{plural(len(folded), 'frame')} in {', '.join(packages)}"[:MOST_TEXT], "quiet"),
    ]


def _place(frame: Frame, style: str) -> Line:
    where = data(f"{short_file(frame.file)}:{frame.line}", style)
    return [("  ", ""), *where, (" in ", "quiet"), *data(frame.function, style, _LONGEST_NAME)]


def place(frame: Frame) -> str:
    """`db.py:41 in query`, for a remark."""
    return f"{short_file(frame.file)}:{frame.line} in {frame.function}"


def culprit(frames: list[Frame]) -> Frame | None:
    """The innermost frame of the user's own code, or the innermost of all."""
    own = [frame for frame in frames if not is_library(frame.file)]
    return own[-1] if own else frames[-1] if frames else None


def is_library(file: str) -> bool:
    """Whether the file belongs to an installed package, to Python, or to no file at all (`<frozen ...>`)."""
    return file.startswith("<") or _LIBRARY.search(file.replace("\\", "/")) is not None


def short_file(file: str) -> str:
    """The path; of a library, only what begins at its package."""
    path = file.replace("\\", "/")
    ends = [match.end() for match in _LIBRARY.finditer(path)]
    return path[ends[-1] :] if ends else file


def _package(file: str) -> str:
    return short_file(file).partition("/")[0].removesuffix(".py")


def _source(frame: Frame) -> str:
    """The line of source; only of what is a Python file here, because a trace may name any path."""
    if not frame.file.endswith(".py") or not os.path.isfile(frame.file):
        return ""
    linecache.checkcache(frame.file)
    return linecache.getline(frame.file, frame.line).strip()
