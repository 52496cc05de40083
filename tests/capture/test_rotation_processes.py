"""Several processes write to one trace and rotate it: nothing is lost, nothing torn, and each file says who wrote in it."""

import json
import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture.rotation import lock_name
from asgi_inspect.trace.chain import files_of
from tests.capture.filing import SINK
from tests.capture.sinking import PATIENCE, python, read_line, until

WORKER = (
    SINK
    + """
from asgi_inspect.capture import file as file_module
name, count, keep_files, max_bytes = sys.argv[2].encode(), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
def begin(why):
    return first_line(why).replace(b'"proc":"p"', b'"proc":"%b"' % name)
sink = FileSink(sys.argv[1], begin, max_bytes=max_bytes, keep_files=keep_files)
HOOK
ready()
sys.stdin.readline()
for n in range(1, count + 1):
    sink.add(line(n, conn=name.decode() + ".1", size=(n * 37) % 900), clock())
    if n % 3 == 0:
        sink.flush(clock())
ready()
sys.stdin.readline()
"""
)
PATIENT = "file_module.ROTATION_SECONDS = 60.0"  # a machine that stands still for a moment makes no file larger
LIMIT = 40_000
WORKERS = 4


class Workers:
    """Four processes that write at once."""

    def __init__(self, stack: ExitStack, path: Path, count: int, keep_files: int, hooks: dict[int, str]) -> None:
        self.path = path
        self.processes = [
            stack.enter_context(
                python(
                    WORKER.replace("HOOK", hooks.get(number, "")),
                    *(str(path), f"w{number}", str(count), str(keep_files), str(LIMIT)),
                )
            )
            for number in range(WORKERS)
        ]
        for process in self.processes:
            assert read_line(process.stdout) == b"ready\n"

    def go(self) -> None:
        for process in self.processes:
            _tell(process)

    def finish(self, *but: int) -> list[bytes]:
        """Wait until all have written; what they say. but: those that are killed."""
        living = [process for number, process in enumerate(self.processes) if number not in but]
        for process in living:
            assert read_line(process.stdout) == b"ready\n"
        said = []
        for process in living:
            _tell(process)
            said.append(process.communicate(timeout=PATIENCE)[1])
            assert process.returncode == 0
        return said


def _tell(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


Start = Callable[..., Workers]


@pytest.fixture
def start(path: Path) -> Any:
    with ExitStack() as stack:

        def begin(count: int, *, keep_files: int = 1000, hooks: dict[int, str] | None = None) -> Workers:
            return Workers(stack, path, count, keep_files, hooks or {})

        yield begin


def read(path: Path) -> tuple[dict[str, list[int]], list[Path]]:
    """The numbers that each process wrote, file by file; each has begun in each file with its `process` record."""
    found: dict[str, list[int]] = defaultdict(list)
    files = [Path(name) for name in files_of(path)]
    for file in files:
        begun: set[str] = set()
        for each in file.read_bytes().split(b"\n"):
            record: dict[str, Any] = json.loads(each) if each else {"record": None}
            if record["record"] == "process":
                begun.add(record["proc"])
            elif record["record"] == "send":
                proc = record["conn"].partition(".")[0]
                assert proc in begun
                found[proc].append(record["n"])
    return found, files


def test_four_workers_rotate_under_load(start: Start, path: Path) -> None:
    workers = start(2000, hooks=dict.fromkeys(range(WORKERS), PATIENT))
    workers.go()
    assert workers.finish() == [b""] * WORKERS
    found, files = read(path)
    assert found == {f"w{number}": list(range(1, 2001)) for number in range(WORKERS)}
    assert len(files) > 40
    assert max(file.stat().st_size for file in files) < WORKERS * LIMIT
    assert not os.path.exists(lock_name(str(path)))


@pytest.mark.parametrize("keep_files", [1, 2, 5])
def test_what_is_kept_is_the_latest(start: Start, path: Path, keep_files: int) -> None:
    workers = start(1000, keep_files=keep_files)
    workers.go()
    workers.finish()
    found, files = read(path)
    assert len(files) == len(os.listdir(path.parent)) == keep_files
    assert 1000 in [numbers[-1] for numbers in found.values()]
    for numbers in found.values():
        assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_one_that_writes_again_after_others_have_rotated_is_not_lost(start: Start, path: Path) -> None:
    """Its file is removed by then, and the second has not passed after which it would look."""
    idle = """
for n in range(1, 4):
    sink.add(line(n, conn="idle.1"), clock())
sink.settle()
ready()
sys.stdin.readline()
sink._looked_at = clock()
for n in range(4, 7):
    sink.add(line(n, conn="idle.1"), clock())
sink.settle()
os._exit(0)
"""
    code = WORKER.replace("HOOK", idle)
    with python(code, str(path), "idle", "0", "1", str(LIMIT)) as late:
        assert read_line(late.stdout) == b"ready\n"
        with path.open("ab") as file:  # so that it is near its limit when the others come
            file.write(b'{"record":"later","pad":"%b"}\n' % (b"x" * (LIMIT // 2)))
        workers = start(500, keep_files=1)
        workers.go()
        workers.finish()
        _tell(late)
        assert late.wait(PATIENCE) == 0
    found, _ = read(path)
    assert found["idle"] == [4, 5, 6]


KILLED = """
rename, told = os.rename, [0]
def killing(source, target):
    if WHERE == "before":
        os.kill(os.getpid(), 9)
    rename(source, target)
    if WHERE == "between" or source == sys.argv[1]:
        os.kill(os.getpid(), 9)
os.rename = killing
"""


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_one_is_killed_while_it_rotates(start: Start, path: Path, where: str) -> None:
    """Its lock is gone with it; the others go on, and what it had written is there."""
    workers = start(1000, hooks={0: f"WHERE = {where!r}\n" + KILLED})
    _tell(workers.processes[0])
    assert workers.processes[0].wait(PATIENCE) == -signal.SIGKILL
    for process in workers.processes[1:]:
        _tell(process)
    assert workers.finish(0) == [b""] * (WORKERS - 1)
    found, _ = read(path)
    killed = found.pop("w0")
    assert killed == list(range(1, len(killed) + 1))
    assert killed
    assert found == {f"w{number}": list(range(1, 1001)) for number in range(1, WORKERS)}
    assert not os.path.exists(lock_name(str(path)))


def test_all_are_killed_at_once(start: Start, path: Path) -> None:
    """Whatever they were doing: what they had written before is whole, and the next run goes on with it."""
    workers = start(100_000)
    workers.go()
    until(lambda: os.path.exists(f"{path}.5"))
    for process in workers.processes:
        process.kill()
    for process in workers.processes:
        process.wait()
    found, _ = read(path)
    for numbers in found.values():
        assert numbers == list(range(1, len(numbers) + 1))
    again = start(300)
    again.go()
    assert again.finish() == [b""] * WORKERS
