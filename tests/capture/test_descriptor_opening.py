"""What can be opened again and what cannot: sockets, redirected streams, closed ones, folders and devices."""

import errno
import os
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from asgi_inspect.capture.descriptor import DescriptorWriter, is_regular
from tests.capture.sinking import PATIENCE, ROOT, Pipe, line, objects, python, told, until

WRITER = """
from asgi_inspect.capture.descriptor import DescriptorWriter
from tests.capture.sinking import line
write = DescriptorWriter(1)
never = lambda: False
"""


def never() -> bool:
    return False


# --- what cannot be opened again -------------------------------------------------------------------------------------


def test_a_socket_is_shared_and_its_flags_stay() -> None:
    """As under systemd, where stdout is a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write = DescriptorWriter(theirs.fileno())
        assert write(line(1), never)
        assert ours.recv(1000) == line(1)
        assert os.get_blocking(theirs.fileno())


def test_four_processes_on_one_socket() -> None:
    """They share one open file, so a lock of that file would not keep them apart."""
    ours, theirs = socket.socketpair()
    code = (
        WRITER
        + """
for n in range(1, 31):
    assert write(line(n, conn=f"{os.getpid()}.1", size=n * 10_000), never)
"""
    )
    with ExitStack() as stack:
        stack.enter_context(ours)
        with theirs:
            processes = [stack.enter_context(python(code, stdout=theirs)) for _ in range(4)]
        with ours.makefile("rb") as file:
            records = objects(file.read())
        assert [process.wait(PATIENCE) for process in processes] == [0] * 4
    assert len(records) == 120


def test_a_stream_that_was_redirected_to_a_file_shares_its_offset(tmp_path: Path) -> None:
    """What the application prints there itself is not written over, nor does it write over ours."""
    path = tmp_path / "out"
    code = (
        WRITER
        + """
for n in range(1, 4):
    os.write(1, b'{"record":"print","n":"printed"}\\n')
    assert write(line(n), never)
"""
    )
    with path.open("wb") as file, python(code, stdout=file) as process:
        assert process.wait(PATIENCE) == 0
    assert told(path.read_bytes()) == ["printed", 1, "printed", 2, "printed", 3]


@pytest.mark.parametrize(("closing", "number"), [(">&-", 1), ("2>&-", 2)])
def test_a_stream_that_was_closed_at_the_start_is_not_whoever_has_its_number(
    closing: str, number: int, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    code = f"""
import os
from asgi_inspect.capture.descriptor import DescriptorWriter
assert os.open({str(theirs)!r}, os.O_WRONLY | os.O_CREAT) == {number}
try:
    DescriptorWriter({number})(b"a record", lambda: False)
except OSError as exc:
    os._exit(exc.errno)
"""
    command = f'"{sys.executable}" -c "$1" {closing}'
    assert subprocess.run(["sh", "-c", command, "sh", code], check=False, cwd=ROOT).returncode == errno.EBADF
    assert theirs.read_bytes() == b""


def test_our_own_descriptor_is_above_the_standard_ones_and_not_inherited(pipe: Pipe) -> None:
    code = """
import os
from asgi_inspect.capture.descriptor import open_again
opened = open_again(1)
assert opened.fd > 2 and not os.get_inheritable(opened.fd), opened
"""
    command = f'"{sys.executable}" -c "$1" 0<&- 2>&-'
    subprocess.run(["sh", "-c", command, "sh", code], check=True, cwd=ROOT, stdout=pipe.write)


# --- paths -----------------------------------------------------------------------------------------------------------


def test_what_is_regular(tmp_path: Path, fifo: Path) -> None:
    def regular(path: Path) -> bool:
        return is_regular(str(path))

    (tmp_path / "file").touch()
    assert regular(tmp_path / "file")
    assert regular(tmp_path / "not there")
    assert regular(tmp_path / "no folder" / "not there")
    assert not regular(fifo)
    assert not regular(tmp_path)
    assert not regular(Path("/dev/null"))
    assert not regular(Path("/dev/stdout")) or stat.S_ISREG(os.fstat(1).st_mode)


def test_a_folder_and_a_socket_raise_and_are_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        DescriptorWriter(str(tmp_path))(line(1), never)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
            DescriptorWriter(str(tmp_path / "socket"))(line(1), never)


def test_a_device_is_written_without_a_stop() -> None:
    write = DescriptorWriter("/dev/null")
    assert write(line(1, size=1_000_000), never)


def test_its_descriptor_goes_with_it(pipe: Pipe) -> None:
    write = DescriptorWriter(pipe.write)
    assert write(line(1), never)
    fd = write._fd
    assert fd is not None
    del write
    until(lambda: not _open(fd))


def _open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
