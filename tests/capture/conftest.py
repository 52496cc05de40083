"""What every test of the capture starts from: nothing was said, and a sink for a file that is not there yet."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture import notice
from asgi_inspect.capture.file import FileSink
from tests.capture.filing import Clock, Disk
from tests.capture.sinking import Pipe, first_line


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@pytest.fixture
def sink(path: Path) -> FileSink:
    return FileSink(str(path), first_line)


@pytest.fixture
def disk(sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(sink)
    monkeypatch.setattr(os, "write", disk.write)
    return disk


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> Clock:
    jumping = Clock()
    monkeypatch.setattr(file_module, "clock", jumping)
    return jumping


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe(*os.pipe())
    yield pipe
    for fd in pipe:
        try:
            os.close(fd)
        except OSError:
            pass  # the test closed it


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path
