"""A trace in several files: read as one story, whatever else stands beside it and while it is rotated on."""

import gzip
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from asgi_inspect.trace.chain import all_files, earlier_names, files_of, held_files
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.follow import Follower
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import ProcessRecord, SendRecord
from asgi_inspect.trace.search import Traces, connections
from asgi_inspect.trace.source import Source, is_path
from tests.capture.sinking import descriptors_in

AT = "2026-11-23T05:59:47.962753Z"


def process(why: str, proc: str = "p") -> bytes:
    return (
        b'{"record":"process","v":1,"proc":"%b","at":"%b","pid":1,"parent_pid":1,"host":"","argv":[],"python":"",'
        b'"asgi_inspect":"","why":"%b"}\n' % (proc.encode(), AT.encode(), why.encode())
    )


def scope(conn: str) -> bytes:
    return b'{"record":"scope","conn":"%b","at":"%b","scope":{"type":"http","method":"GET","path":"/%b"}}\n' % (
        conn.encode(),
        AT.encode(),
        conn.encode(),
    )


def send(conn: str, n: int) -> bytes:
    message = b'{"type":"http.response.start","status":200,"headers":[]}'
    return b'{"record":"send","conn":"%b","n":%d,"t_us":%d,"message":%b}\n' % (conn.encode(), n, n, message)


def end(conn: str, n: int) -> bytes:
    return b'{"record":"end","conn":"%b","n":%d,"t_us":%d,"outcome":"returned"}\n' % (conn.encode(), n, n)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@pytest.fixture
def rotated(path: Path) -> Path:
    """Three files; the connection `p.2` stands in all of them."""
    Path(f"{path}.2").write_bytes(process("start") + scope("p.1") + end("p.1", 1) + scope("p.2"))
    Path(f"{path}.1").write_bytes(process("rotation") + send("p.2", 1))
    path.write_bytes(process("rotation") + end("p.2", 2) + scope("p.3"))
    return path


def names(path: Path) -> list[str]:
    return [os.path.basename(name) for name in files_of(path)]


# --- which files are one story ---------------------------------------------------------------------------------------


def late(*sources: Source) -> list[str]:
    """The names of those of which older files are gone."""
    with Traces(sources) as traces:
        return [Path(name).name for name in traces.begun_late]


def test_older_files_that_are_gone_are_known(rotated: Path) -> None:
    assert late(rotated) == []
    Path(f"{rotated}.2").unlink()
    assert late(rotated) == ["trace.jsonl"]
    Path(f"{rotated}.1").unlink()
    assert late(rotated, str(rotated)) == ["trace.jsonl"]


def test_a_part_that_is_named_by_its_number_is_known_to_be_one(rotated: Path) -> None:
    Path(f"{rotated}.2").unlink()
    Path(f"{rotated}.1.gz").write_bytes(gzip.compress(Path(f"{rotated}.1").read_bytes()))
    assert late(f"{rotated}.1") == late(f"{rotated}.1.gz") == []
    Path(f"{rotated}.1").unlink()
    assert late(rotated) == ["trace.jsonl"]


def test_an_older_file_that_cannot_be_read_is_not_gone(rotated: Path) -> None:
    Path(f"{rotated}.1").unlink()
    os.symlink(f"{rotated}.1", f"{rotated}.1")
    damages: list[Damage] = []
    with Traces([rotated], on_damage=damages.append) as traces:
        assert traces.begun_late == []
    assert [Path(damage.file).name for damage in damages] == ["trace.jsonl.1"]


def test_what_was_put_together_of_all_files_is_whole(rotated: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(b"".join(Path(name).read_bytes() for name in files_of(rotated)))
    assert late(whole) == []
    whole.write_bytes(b"")
    assert late(whole) == []
    with open(rotated, "rb") as file:
        assert late(file) == []  # nobody knows what stands beside it


def test_older_files_that_are_gone_are_said_in_code(rotated: Path, caplog: pytest.LogCaptureFixture) -> None:
    Path(f"{rotated}.2").unlink()
    caplog.set_level("INFO", "asgi_inspect")
    assert [found.conn for found in connections(rotated)] == ["p.2", "p.3"]
    (said,) = caplog.records
    assert said.levelname == "INFO"
    assert said.getMessage().startswith(f"older files of {rotated} are gone, as a trace keeps no more than keep_files")


def test_all_files_of_a_trace_the_oldest_first(rotated: Path) -> None:
    assert names(rotated) == ["trace.jsonl.2", "trace.jsonl.1", "trace.jsonl"]
    assert names(Path(f"{rotated}.1")) == ["trace.jsonl.1"]


def test_what_was_there_before_is_another_story(rotated: Path) -> None:
    Path(f"{rotated}.3").write_bytes(process("rotation"))
    assert names(rotated) == ["trace.jsonl.2", "trace.jsonl.1", "trace.jsonl"]
    rotated.write_bytes(process("start") + scope("p.9"))
    assert names(rotated) == ["trace.jsonl"]


@pytest.mark.parametrize("begin", [b"", b"\n", b"no trace", b'{"record":"exit","proc":"p","at":""}\n', b"\x1f\x8b\x00"])
def test_a_file_that_does_not_go_on_is_alone(rotated: Path, begin: bytes) -> None:
    rotated.write_bytes(begin)
    assert names(rotated) == ["trace.jsonl"]


def test_another_process_may_have_been_the_first_in_a_new_file(rotated: Path) -> None:
    rotated.write_bytes(process("start", "q") + scope("q.1") + process("rotation"))
    assert len(names(rotated)) == 3


def test_one_may_be_missing_while_it_is_renamed(rotated: Path) -> None:
    os.rename(f"{rotated}.2", f"{rotated}.3")
    assert names(rotated) == ["trace.jsonl.3", "trace.jsonl.1", "trace.jsonl"]
    os.rename(f"{rotated}.1", f"{rotated}.2")
    assert names(rotated) == ["trace.jsonl.3", "trace.jsonl.2", "trace.jsonl"]
    rotated.unlink()
    Path(f"{rotated}.2").rename(f"{rotated}.1")
    assert names(rotated) == ["trace.jsonl.3", "trace.jsonl.1"]


def test_a_file_that_is_not_there_and_one_that_is_no_file(tmp_path: Path) -> None:
    assert names(tmp_path / "nothing") == ["nothing"]
    os.mkfifo(tmp_path / "fifo")
    Path(tmp_path / "fifo.1").write_bytes(process("start"))
    assert names(tmp_path / "fifo") == ["fifo"], "and it is not waited for"


def test_what_was_compressed_since_belongs_to_it(rotated: Path) -> None:
    oldest = Path(f"{rotated}.2")
    Path(f"{rotated}.2.gz").write_bytes(gzip.compress(oldest.read_bytes()))
    oldest.unlink()
    assert names(rotated) == ["trace.jsonl.2.gz", "trace.jsonl.1", "trace.jsonl"]
    assert [connection.conn for connection in connections(rotated)] == ["p.1", "p.2", "p.3"]


def test_by_a_link(rotated: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(rotated)
    assert names(tmp_path / "link") == ["trace.jsonl.2", "trace.jsonl.1", "link"]


# --- many files --------------------------------------------------------------------------------------------------------

FEW = 128
MANY = 300


@pytest.fixture
def many(path: Path) -> Path:
    """As many files as are more than may be open at once, with a connection in each."""
    for number in range(MANY):
        name = f"{path}.{number}" if number else path
        Path(name).write_bytes(process("rotation" if number < MANY - 1 else "start") + scope(f"p.{MANY - number}"))
    return path


@pytest.fixture
def few() -> Iterator[int]:
    """So many descriptors and no more, beyond those that this process has by now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + FEW, hard))
    yield free + FEW
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def no_more(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """The limit cannot be raised."""
    monkeypatch.setattr("resource.getrlimit", lambda which: (few, few))


ALL = [f"p.{number}" for number in range(1, MANY + 1)]


def test_all_of_many_files_are_read(many: Path, few: int) -> None:
    assert [found.conn for found in connections(many)] == ALL
    assert len(list(read_trace(many))) == 2 * MANY
    assert len(names(many)) == MANY


def test_many_files_are_held_as_they_were(many: Path, few: int) -> None:
    with Traces([many]) as traces:
        rotate(many)
        Path(f"{many}.{MANY}").unlink()
        assert [found.conn for found in traces.connections(parse_filter(""))] == ALL


def test_a_process_that_has_as_many_open_as_it_may_reads_them_too(many: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        taken = [stack.enter_context(open(os.devnull, "rb")).fileno() for _ in range(FEW)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken[FEW // 2], hard))
        try:
            with Traces([many]) as traces:
                rotate(many)
                assert [found.conn for found in traces.connections(parse_filter(""))] == ALL
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_files_are_followed_from_the_oldest(many: Path, few: int) -> None:
    with Follower(many) as follower:
        assert len(list(follower.lines())) == 2 * MANY


def test_more_files_than_may_ever_be_open_are_read_one_by_one(many: Path, no_more: None) -> None:
    assert [found.conn for found in connections(many)] == ALL
    assert len(list(read_trace(many))) == 2 * MANY
    assert len(names(many)) == MANY


def test_what_cannot_be_held_is_never_taken_for_another(many: Path, no_more: None) -> None:
    with Traces([many]) as traces:
        rotate(many)
        with pytest.raises(OSError, match="more files than may be open at once"):
            list(traces.connections(parse_filter("")))


# --- read as one -----------------------------------------------------------------------------------------------------


def test_a_connection_over_several_files_is_one(rotated: Path) -> None:
    found = {connection.conn: connection for connection in connections(rotated)}
    assert list(found) == ["p.1", "p.2", "p.3"]
    assert (found["p.2"].status, len(found["p.2"].events)) == (200, 2)
    assert found["p.2"].end is not None
    (only,) = connections(rotated, "path:/p.2")
    assert len(only.events) == 2


def test_records_come_in_the_order_of_the_files(rotated: Path) -> None:
    records = list(read_trace(rotated))
    assert [record.why for record in records if isinstance(record, ProcessRecord)] == ["start", "rotation", "rotation"]
    assert len(records) == 9
    assert len(list(read_trace(f"{rotated}.1"))) == 2


def test_a_file_that_is_named_too_is_read_once(rotated: Path) -> None:
    with Traces([rotated, f"{rotated}.1", f"{rotated}.2"]) as traces:
        assert len(traces.sources) == 3
        assert len(list(traces.lines(parse_filter("")))) == 9


def test_one_that_cannot_be_opened_is_said(rotated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = f"{rotated}.1"
    real_open = open

    def refuse(name: object, *more: object, **options: object) -> object:
        if name == hidden:
            raise PermissionError(13, "Permission denied", hidden)
        return real_open(name, *more, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", refuse)
    said: list[Damage] = []
    with Traces([rotated], on_damage=said.append) as traces:
        assert [found.conn for found in traces.connections(parse_filter(""))] == ["p.2", "p.3"]
    assert [str(damage) for damage in said] == [f"{hidden}: Permission denied"]


def rotate(path: Path) -> None:
    """As the capture does."""
    for name in reversed(earlier_names(path)):
        stem, _, number = name.rpartition(".")
        os.rename(name, f"{stem}.{int(number) + 1}")
    os.rename(path, f"{path}.1")
    path.write_bytes(process("rotation"))


def test_what_is_read_stays_what_it_was(rotated: Path) -> None:
    """The names have moved on, and the oldest file is gone."""
    with Traces([rotated]) as traces:
        rotate(rotated)
        Path(f"{rotated}.3").unlink()
        assert [found.conn for found in traces.connections(parse_filter(""))] == ["p.1", "p.2", "p.3"]
        assert [found.conn for found in traces.connections(parse_filter("path:/p.1"))] == ["p.1"]


def test_what_was_held_is_closed(rotated: Path) -> None:
    with Traces([rotated]):
        assert len(descriptors_in(rotated.parent)) == 3
    assert descriptors_in(rotated.parent) == []


def test_where_descriptors_have_no_names(rotated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda name: not str(name).startswith("/proc/self/fd") and exists(name))
    with ExitStack() as stack:
        found: list[Source] = all_files([rotated], stack, lambda name, why: None)
        assert [os.path.basename(one) for one in found if is_path(one)] == names(rotated)


def test_it_is_opened_as_it_stands_at_one_moment(path: Path) -> None:
    """While another thread rotates as fast as it can: each file once, in its order, none left out between two others."""
    path.write_bytes(process("start") + send("p.1", 1))
    stop = threading.Event()

    def on() -> None:
        for n in range(2, 2000):
            if stop.is_set():
                return
            for name in reversed(earlier_names(path)[:6]):
                stem, _, number = name.rpartition(".")
                os.rename(name, f"{stem}.{int(number) + 1}")
            os.rename(path, f"{path}.1")
            path.write_bytes(process("rotation") + send("p.1", n))

    rotating = threading.Thread(target=on)
    rotating.start()
    try:
        for _ in range(100):
            with ExitStack() as stack:
                numbers = [number for source in held_files(path, stack) for number in _numbers(source)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, numbers
    finally:
        stop.set()
        rotating.join()


def _numbers(source: Source) -> list[int]:
    return [record.n for record in read_trace(source, on_damage=lambda damage: None) if isinstance(record, SendRecord)]


# --- followed --------------------------------------------------------------------------------------------------------


def append(path: Path | str, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


def test_a_follower_begins_with_the_oldest(rotated: Path) -> None:
    with Follower(rotated) as follower:
        whole = b"".join(Path(name).read_bytes() for name in files_of(rotated))
        assert b"".join(follower.lines()) == whole
        assert follower.behind == 0
    with Follower(rotated, begin=len(process("rotation"))) as follower:
        assert list(follower.lines()) == [end("p.2", 2), scope("p.3")]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_it_finds_what_came_and_went_between_two_looks(path: Path, times: int) -> None:
    append(path, b"0\n")
    with Follower(path) as follower:
        assert list(follower.lines()) == [b"0\n"]
        for number in range(1, times + 1):
            rotate(path)
            append(path, b"%d\n" % number)
        found = [line for line in follower.lines() if line != process("rotation")]
        assert found == [b"%d\n" % number for number in range(1, times + 1)]
        assert follower.earlier == 0


def test_it_is_said_between_which_lines_files_may_be_missing(path: Path) -> None:
    found: list[bytes] = []
    append(path, b"1\n")
    with Follower(path, on_gap=lambda: found.append(b"gap")) as follower:
        found += follower.lines()
        append(path, b"2\n")
        rotate(path)
        for line in follower.lines():
            found.append(line)
        assert found == [b"1\n", b"2\n", process("rotation")], "it is there, only under another name"
        for n in (b"3\n", b"4\n"):
            append(path, n)
            rotate(path)
            os.unlink(f"{path}.1")
        for line in follower.lines():
            found.append(line)
        append(path, b"5\n")
        found += follower.lines()
    assert found[3:] == [b"3\n", b"gap", process("rotation"), b"5\n"]


def test_what_was_there_before_is_not_read_when_the_file_is_removed(rotated: Path) -> None:
    with Follower(rotated, begin=1) as follower:
        list(follower.lines())
        rotated.unlink()
        append(rotated, b"new\n")
        os.utime(f"{rotated}.1", ns=(0, 0))
        os.utime(f"{rotated}.2", ns=(0, 0))
        assert list(follower.lines()) == [b"new\n"]


def hold(path: Path | str) -> Callable[[], None]:
    import fcntl

    file = open(path, "ab")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file.close


def test_a_file_is_read_on_as_long_as_somebody_may_write_to_it(path: Path) -> None:
    append(path, b"1\n")
    let_go = hold(path)
    with Follower(path) as follower:
        assert list(follower.lines()) == [b"1\n"]
        rotate(path)
        assert list(follower.lines()) == [process("rotation")]
        assert follower.earlier == 1
        append(f"{path}.1", b"late\n")
        append(path, b"2\n")
        assert list(follower.lines()) == [b"late\n", b"2\n"], "in the order in which one process wrote them"
        rotate(path)
        append(f"{path}.2", b"later\n")
        assert list(follower.lines()) == [b"later\n", process("rotation")]
        append(f"{path}.2", b"to")
        let_go()
        assert list(follower.lines()) == [b"to"], "it is torn, and will stay so"
        assert follower.earlier == 0


def test_where_there_are_no_locks_the_last_but_one_is_read_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: object, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    append(path, b"1\n")
    with Follower(path) as follower:
        for _ in range(5):
            list(follower.lines())
            rotate(path)
        list(follower.lines())
        assert follower.earlier == 1
        append(f"{path}.1", b"late\n")
        assert list(follower.lines()) == [b"late\n"]


def test_what_was_written_to_the_new_file_first_waits_for_the_old_one(path: Path) -> None:
    """A process writes to the old file, and then to the new one, after the old one was read: in this order it is told."""
    append(path, b"1\n")
    let_go = hold(path)
    with Follower(path) as follower:
        list(follower.lines())
        rotate(path)
        append(path, b"of another\n")
        lines = follower.lines()
        assert [next(lines), next(lines)] == [process("rotation"), b"of another\n"]
        append(f"{path}.1", b"2\n")
        append(path, b"3\n")
        assert list(lines) == []
        assert list(follower.lines()) == [b"2\n", b"3\n"]
    let_go()


def test_a_jump_goes_over_files(path: Path) -> None:
    append(path, b"1\n" * 10)
    let_go = hold(path)
    with Follower(path) as follower:
        assert next(follower.lines()) == b"1\n"
        rotate(path)
        append(path, b"2\n" * 10)
        follower.skip_to_recent(1000)
        assert follower.behind == 18 + len(process("rotation")) + 20
        assert follower.skip_to_recent(4) == 18 + len(process("rotation")) + 16
        assert list(follower.lines()) == [b"2\n", b"2\n"]
    let_go()


def test_where_no_file_is_kept_each_is_read_to_its_end(path: Path) -> None:
    append(path, b"1\n")
    let_go = hold(path)
    with Follower(path) as follower:
        assert list(follower.lines()) == [b"1\n"]
        old = path.open("ab", buffering=0)
        old.write(b"2\n")
        path.unlink()
        append(path, b"3\n")
        assert list(follower.lines()) == [b"2\n", b"3\n"]
        old.write(b"late\n")
        old.close()
        let_go()
        assert list(follower.lines()) == [b"late\n"]
        assert follower.earlier == 0
