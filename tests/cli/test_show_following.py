"""`asgi-inspect show -f`: traces that grow, with filters, as lists, single messages, and several at once."""

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asgi_inspect.trace.records import ExitRecord
from tests.cli.conftest import AT, OTHER, TRACE, Run, conversation, lines, process
from tests.serving import Process, running


@contextmanager
def following(tmp_path: Path, environ: dict[str, str], *words: str) -> Iterator[Process]:
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    command = [sys.executable, "-m", "asgi_inspect", "show", "-f", *words]
    with running(command, env=environ, cwd=tmp_path) as process:
        yield process


def grow(path: Path, *paths: str, proc: str = "aaaa", first: int = 100) -> None:
    """Connections to these paths, whole."""
    with path.open("ab") as file:
        for number, asked in enumerate(paths, first):
            file.write(lines(*conversation(proc, number, asked)))


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "table"],
        ["--fields", "id,path"],
        ["--format", "compact"],
        ["--format", "jsonl"],
        ["--messages", "message:http.response.start"],
    ],
)
def test_what_matches_is_shown_as_it_comes(words: list[str], tmp_path: Path, environ: dict[str, str]) -> None:
    with following(tmp_path, environ, "t.jsonl", "path:/new/*", "status:200", *words) as shown:
        grow(tmp_path / "t.jsonl", "/new/1", "/old/2")
        shown.wait_for("/new/1")
        grow(tmp_path / "t.jsonl", "/old/3", "/new/4", first=110)
        shown.wait_for("/new/4")
        assert shown.stop(signal.SIGINT) == 130
    assert shown.stderr == ""
    assert "/old" not in shown.stdout
    assert "/one" not in shown.stdout


def test_a_list_has_a_line_for_what_was_cut_off(tmp_path: Path, environ: dict[str, str]) -> None:
    with following(tmp_path, environ, "t.jsonl", "--fields", "path,outcome") as shown:
        shown.wait_for("/seventeen\treturned")
        with (tmp_path / "t.jsonl").open("ab") as file:
            file.write(lines(*conversation("aaaa", 18, "/cut")[:2], ExitRecord(proc="aaaa", at=AT, open=1)))
        shown.wait_for("/cut\topen")


def test_several_files_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "other.jsonl").write_bytes(OTHER)
    (tmp_path / "folder").mkdir()
    with following(tmp_path, environ, "folder", "t.jsonl", "other.jsonl", "--fields", "id,path") as shown:
        shown.wait_for("asgi-inspect: folder: Is a directory")
        shown.wait_for("4712#1\t/other")
        grow(tmp_path / "other.jsonl", "/second", proc="bbbb")
        shown.wait_for("4712#100\t/second")
        grow(tmp_path / "t.jsonl", "/first")
        shown.wait_for("4711#100\t/first")


def test_single_messages_stand_behind_their_scope(tmp_path: Path, environ: dict[str, str]) -> None:
    with following(tmp_path, environ, "t.jsonl", "--messages", "message:http.response.body", "text:eighteen") as shown:
        grow(tmp_path / "t.jsonl", "/eighteen")
        shown.wait_for("body of /eighteen")
        shown.stop(signal.SIGINT)
    assert [line.split()[2] for line in shown.stdout.splitlines()] == ["┌", "←"]


def test_what_cannot_grow_is_read_to_its_end(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.gz").write_bytes(gzip.compress(TRACE))
    result = run("show", "-f", "t.gz", "--fields", "path")
    assert (result.returncode, result.stdout) == (0, "/one\n/seventeen\n")
    piped = run("show", "-f", "-", "--format", "table", given=TRACE + lines(*conversation("aaaa", 18, "/open")[:2]))
    assert piped.returncode == 0
    assert piped.stdout.splitlines()[-2].split()[3] == "/open"


def test_damage_is_said_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    with following(tmp_path, environ, "t.jsonl", "--fields", "path") as shown:
        shown.wait_for("/seventeen")
        with (tmp_path / "t.jsonl").open("ab") as file:
            file.write(b"rubbish\n" + lines(*conversation("aaaa", 18, "/behind")))
        shown.wait_for("t.jsonl, line 10: ")
        shown.wait_for("/behind")


def test_a_list_ends_when_nobody_reads_any_more(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "asgi_inspect", "show", "-f", "t.jsonl", "--format", "table"]
    shown = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=writer)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    assert shown.wait(30) == 0


def test_a_process_that_comes_later_has_its_name(tmp_path: Path, environ: dict[str, str]) -> None:
    with following(tmp_path, environ, "t.jsonl", "--format", "table") as shown:
        shown.wait_for("/seventeen")
        with (tmp_path / "t.jsonl").open("ab") as file:
            file.write(lines(process("bbbb", 4712), *conversation("bbbb", 1, "/later")))
        assert "4712#1" in shown.wait_for("/later").string


def test_a_pipe_with_a_name_is_followed_from_its_first_byte(tmp_path: Path, environ: dict[str, str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with following(tmp_path, environ, "pipe", "--fields", "path") as shown, (tmp_path / "pipe").open("wb") as pipe:
        pipe.write(TRACE)
        pipe.flush()
        shown.wait_for("/seventeen")
    assert shown.stdout.split() == ["/one", "/seventeen"]
