"""What the tests of rotation share: a sink whose files are small, and what they tell."""

import os
from pathlib import Path

from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.sinking import first_line, line, told

LIMIT = 2000
OURS = first_line("start") + line(7)


def rotating(path: Path, *, max_bytes: int = LIMIT, keep_files: int = 3, each_line: bool = False) -> FileSink:
    return FileSink(str(path), first_line, max_bytes=max_bytes, keep_files=keep_files, each_line=each_line)


def write(sink: FileSink, *numbers: int, size: int = 200) -> None:
    """Each line on its own, in this thread, whatever has to be rotated for it."""
    for n in numbers:
        sink.add(line(n, size=size), clock())
        sink.settle()


def is_written(sink: FileSink) -> bool:
    with sink._lock:
        return not sink._lines


def names(path: Path) -> list[str]:
    """Of the files beside a trace, itself among them."""
    return sorted(name for name in os.listdir(path.parent) if path.name in name)


def story(path: Path) -> list[object]:
    """What the files of a trace tell, the oldest first."""
    number = len(names(path)) - 1
    files = [Path(f"{path}.{n}") for n in range(number, 0, -1)] + [path]
    return [each for file in files for each in told(file.read_bytes())]


def numbers(path: Path) -> list[int]:
    return [each for each in story(path) if isinstance(each, int)]
