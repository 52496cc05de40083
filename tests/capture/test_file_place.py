"""The file under the path: as others left it, and as they may change it while it is written."""

import itertools
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, SendRecord
from tests.capture.filing import SINK, Clock, add, flush
from tests.capture.sinking import ROOT, first_line, line, output, told, until


@pytest.mark.parametrize(
    "tail", [b'{"record":"se', b'{"record":"send","conn":"q.1","n":1,"t_us":0,"message":"', b"\0\0\0"]
)
def test_after_a_torn_tail_the_first_write_begins_with_a_newline(tail: bytes, path: Path, sink: FileSink) -> None:
    path.write_bytes(line(7) + tail)
    add(sink, 1)
    flush(sink)
    assert path.read_bytes() == line(7) + tail + b"\n" + first_line("start") + line(1)
    records = list(read_trace(path, on_damage=lambda damage: None))
    assert [type(record) for record in records] == [SendRecord, ProcessRecord, SendRecord]


def test_a_whole_tail_needs_no_newline(path: Path, sink: FileSink) -> None:
    path.write_bytes(line(7))
    add(sink, 1)
    flush(sink)
    assert path.read_bytes() == line(7) + first_line("start") + line(1)


def test_a_file_that_we_may_not_read_is_written(path: Path) -> None:
    path.write_bytes(line(7))
    path.chmod(0o200)
    code = """
from asgi_inspect.capture import file, process
from asgi_inspect.trace import records
if not os.getuid():  # nothing is unreadable for root
    os.setegid(65534)
    os.seteuid(65534)
"""
    os.chown(path, *((-1, -1) if os.getuid() else (65534, 65534)))
    for folder in itertools.takewhile(lambda folder: "pytest" in str(folder), path.parents):
        folder.chmod(0o755)
    output(SINK + code + "add(1); sink.flush(clock())", str(path))
    path.chmod(0o600)
    assert told(path.read_bytes()) == [7, "start", 1]


def passes_a_second(jumping: Clock) -> None:
    jumping.offset += file_module.LOOK_NS


@pytest.mark.parametrize("how", ["removed", "renamed", "replaced"])
def test_a_file_that_is_gone_is_begun_anew(
    how: str, path: Path, sink: FileSink, jumping: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    sink.add(line(1), jumping())
    sink.flush(jumping())
    if how == "removed":
        path.unlink()
    else:
        path.rename(path.with_suffix(".1"))
    if how == "replaced":
        path.write_bytes(b"")
        path.chmod(0o600)
    passes_a_second(jumping)
    sink.add(line(2), jumping())
    sink.flush(jumping())
    sink.add(line(3), jumping())
    sink.flush(jumping())
    lost = [2] if how == "removed" else []  # nobody knows which of what was written within the last second
    assert told(path.read_bytes()) == ["rotation", 2, *lost, 3]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert capfd.readouterr().err == (
        f"asgi-inspect: {path} was removed or replaced; it is begun anew, and what was written before is not in it\n"
    )
    if how != "removed":
        assert told(path.with_suffix(".1").read_bytes()) == ["start", 1]


def test_a_file_that_was_emptied_begins_with_a_process_record(path: Path, sink: FileSink, jumping: Clock) -> None:
    sink.add(line(1, size=1000), jumping())
    sink.flush(jumping())
    passes_a_second(jumping)
    sink.add(line(2), jumping())
    sink.flush(jumping())
    os.truncate(path, 0)
    passes_a_second(jumping)
    sink.add(line(3), jumping())
    sink.flush(jumping())
    assert told(path.read_bytes()) == ["rotation", 3]


def test_where_it_cannot_be_begun_anew_the_old_one_is_written(
    tmp_path: Path, jumping: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    kept = tmp_path / "kept.jsonl"
    sink = FileSink(str(folder / "trace.jsonl"), first_line)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    os.link(folder / "trace.jsonl", kept)
    (folder / "trace.jsonl").unlink()
    folder.rmdir()
    for n in range(2, 5):
        passes_a_second(jumping)
        sink.add(line(n), jumping())
        sink.flush(jumping())
    assert told(kept.read_bytes()) == ["start", 1, 2, 3, 4]
    assert "cannot begin" in capfd.readouterr().err


def test_a_fifo_in_its_place_is_not_waited_for(path: Path, sink: FileSink, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(path)
    add(sink, 1)
    flush(sink)
    assert f"cannot write {path}: " in capfd.readouterr().err
    path.unlink()
    until(lambda: path.exists() and told(path.read_bytes()) == ["start", 1])


def test_whoever_tidies_up_sees_that_the_trace_is_alive(path: Path, sink: FileSink) -> None:
    import fcntl

    def locked() -> bool:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    add(sink, 1)
    flush(sink)
    assert locked()
    sink._close()
    assert not locked()


def test_its_number_is_above_those_of_the_standard_streams(path: Path) -> None:
    """Where stderr was closed, whatever the application prints there must not get into the trace."""
    code = (
        SINK
        + """
add(1)
sink.flush(clock())
try:
    os.write(2, b"an error message")
except OSError:
    pass
"""
    )
    command = f'"{sys.executable}" -c "$1" "$2" 2>&-'
    code = "import os, sys\n" + code
    subprocess.run(["sh", "-c", command, "sh", code, str(path)], check=True, cwd=ROOT)
    assert told(path.read_bytes()) == ["start", 1]
