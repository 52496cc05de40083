"""`asgi-inspect show`: what it reads, what it prints, how it ends."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from asgi_inspect.launch.state import new_run
from asgi_inspect.trace.records import ExitRecord
from tests.cli.conftest import AT, OTHER, TRACE, Run, conversation, lines, process
from tests.serving import PATIENCE, running


def test_a_trace_is_shown_whole(run: Run) -> None:
    result = run("show", "t.jsonl")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("GET /one", "GET /seventeen", "http.response.body", "body of /one", "4711"):
        assert word in result.stdout
    assert "\x1b[" not in result.stdout


def test_compact_is_a_line_a_message(run: Run) -> None:
    result = run("show", "t.jsonl", "--format", "compact")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) < len(run("show", "t.jsonl").stdout.splitlines())
    assert "GET /one" in result.stdout


def test_jsonl_is_the_trace_as_it_is(run: Run, tmp_path: Path) -> None:
    later = b'{"record":"of-a-later-version","x":[1, 2]}\n'
    (tmp_path / "t.jsonl").write_bytes(TRACE + later)
    result = run("show", "t.jsonl", "--format", "jsonl")
    assert result.stdout.encode() == TRACE + later


def test_several_files_one_after_the_other(run: Run) -> None:
    result = run("show", "t.jsonl", "other.jsonl", "--format", "jsonl")
    assert result.stdout.encode() == TRACE + OTHER


def test_standard_input(run: Run) -> None:
    assert run("show", "-", "--format", "jsonl", given=TRACE).stdout.encode() == TRACE
    assert "GET /one" in run("show", "-", given=TRACE).stdout
    assert "/one" not in run("show", "-", "--conn", "17", given=TRACE).stdout
    assert run("show", "-", "-f", "--format", "jsonl", given=TRACE).stdout.encode() == TRACE


def test_without_a_file_the_newest_of_this_directory(run: Run, tmp_path: Path, environ: dict[str, str]) -> None:
    nothing = run("show")
    assert nothing.returncode == 2
    assert nothing.stderr.startswith("asgi-inspect: there is no trace of this directory in ")
    new_run(tmp_path, datetime(2026, 1, 1, tzinfo=UTC), environ).path.write_bytes(TRACE)
    new_run(tmp_path, datetime(2026, 1, 2, tzinfo=UTC), environ).path.write_bytes(OTHER)
    assert run("show", "--format", "jsonl").stdout.encode() == OTHER


@pytest.mark.parametrize("conn", ["aaaa.17", "17", "#17", "4711#17"])
@pytest.mark.parametrize("words", [[], ["--raw"], ["--format", "compact"]])
def test_one_connection(conn: str, words: list[str], run: Run) -> None:
    result = run("show", "t.jsonl", "--conn", conn, *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert "GET /seventeen" in result.stdout
    assert "body of /seventeen" in result.stdout
    assert "/one" not in result.stdout


def test_one_connection_as_records_is_a_trace_of_its_own(run: Run, tmp_path: Path) -> None:
    result = run("show", "t.jsonl", "--conn", "17", "--format", "jsonl")
    (tmp_path / "one.jsonl").write_text(result.stdout)
    assert [line[:20] for line in result.stdout.splitlines()][:2] == ['{"record":"process",', '{"record":"scope","c']
    again = run("show", "one.jsonl", "--format", "jsonl")
    assert (again.returncode, again.stdout) == (0, result.stdout)


def test_a_connection_that_is_not_there(run: Run) -> None:
    result = run("show", "t.jsonl", "--conn", "18")
    assert (result.returncode, result.stdout) == (1, "")
    assert (
        result.stderr == "asgi-inspect: no connection 18 in this trace; `asgi-inspect show --format table` lists all.\n"
    )


def test_a_connection_that_may_be_several(run: Run) -> None:
    result = run("show", "t.jsonl", "other.jsonl", "--conn", "1")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "asgi-inspect: --conn 1 may be 4711#1, 4712#1: give one of them in full.\n"


def test_older_files_that_are_gone_are_said_once(run: Run, tmp_path: Path) -> None:
    rotated = lines(msgspec.structs.replace(process("aaaa", 4711), why="rotation"), *conversation("aaaa", 1, "/one"))
    (tmp_path / "r.jsonl").write_bytes(rotated)
    said = (
        "asgi-inspect: older files of r.jsonl are gone, as a trace keeps no more than keep_files says: "
        "what it tells begins later.\n"
    )
    for words in (["show"], ["show", "--format", "table"], ["show", "--fields", "path"], ["stats"]):
        result = run(*words, "r.jsonl")
        assert (result.returncode, result.stderr) == (0, said)
        assert "/one" in result.stdout
    assert run("show", "r.jsonl", "--conn", "1").stderr == ""
    assert run("show", "r.jsonl", "--conn", "2").stderr.startswith(said)
    assert run("stats", "r.jsonl", "status:5xx").stderr.startswith(said)
    (tmp_path / "r.jsonl.1").write_bytes(TRACE)
    assert run("show", "r.jsonl").stderr == run("stats", "r.jsonl").stderr == ""


def test_damage_is_said_once_and_the_rest_is_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE + b"rubbish\n" + OTHER + b'{"record":"sco')
    result = run("show", "t.jsonl", "--format", "jsonl")
    assert result.returncode == 3
    assert result.stdout.encode() == TRACE + OTHER
    said = result.stderr.splitlines()
    assert len(said) == 2
    assert said[0].startswith("asgi-inspect: t.jsonl, line 10: ")
    assert said[1].startswith("asgi-inspect: t.jsonl, line 16: ")
    one = run("show", "t.jsonl", "--conn", "17")
    assert one.returncode == 3
    assert len(one.stderr.splitlines()) == 2


WRONG = [
    (["nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["-f", "nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["."], "cannot read .: Is a directory."),
    (["main.py"], "main.py is no trace of asgi-inspect: "),
    (["--conn", "1", "nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["-f", "nowhere.jsonl", "neither.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["t.jsonl", "stauts:200"], 'unknown term "stauts" at 1: did you mean status?'),
    (["t.jsonl", "--fields", "path,stauts"], 'there is no field "stauts"; did you mean status?'),
    (["t.jsonl", "--fields", ""], 'there is no field ""; --fields help lists all.'),
    (["t.jsonl", "--raw"], "--raw is about one connection: name it with --conn."),
    (["t.jsonl", "--body", "request"], "--body is about one connection: name it with --conn."),
    (["t.jsonl", "--conn", "1", "--body", "both"], "invalid value for '--body': 'both' is not one of"),
    (["t.jsonl", "--conn", "1", "--body", "request", "-f"], "--body writes the bytes of a body: leave --follow out."),
    (["t.jsonl", "--header"], "--header is the first line of --fields: name them, --fields time,method,path."),
    (["t.jsonl", "--messages"], "--messages needs a filter: asgi-inspect show --messages message:websocket.close"),
    (
        ["t.jsonl", "--messages", "status:200", "--fields", "path"],
        "--messages shows messages, and --fields connections",
    ),
    (["t.jsonl", "--conn", ""], "--conn takes the id of a connection, the end of one, or #17 as on the screen."),
    (["--format", "xml", "t.jsonl"], "invalid value for '--format': 'xml' is not one of"),
    (
        ["--quiet", "t.jsonl"],
        "--quiet is an option of runs (asgi-inspect --quiet ... main:app); see asgi-inspect show --",
    ),
    (
        ["--only", "status:5xx"],
        "--only is an option of runs (asgi-inspect --only ... main:app), and here a filter stands by itself, as in",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_is_one_sentence(words: list[str], sentence: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import os\n")
    result = run("show", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {sentence}")
    assert result.stderr.count("\n") == 1


def test_what_is_shown_can_be_chosen(run: Run, tmp_path: Path) -> None:
    whole = run("show", "t.jsonl").stdout
    assert '"query_string"' in whole
    assert '"query_string"' not in run("show", "t.jsonl", "--no-scope").stdout
    assert "body of /one" not in run("show", "t.jsonl", "--no-body").stdout
    assert "\x1b[" in run("show", "t.jsonl", "--color", "always").stdout
    assert "03:04:05" in run("show", "t.jsonl", "--utc", TZ="Asia/Tokyo").stdout
    assert "12:04:05" in run("show", "t.jsonl", TZ="Asia/Tokyo").stdout
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect]\nformat = "jsonl"\nquiet = true\n')
    assert run("show", "t.jsonl").stdout.encode() == TRACE
    assert "GET /one" in run("show", "t.jsonl", ASGI_INSPECT_FORMAT="compact").stdout
    assert run("show", "t.jsonl", "--format", "pretty", ASGI_INSPECT_FORMAT="compact").stdout == whole


@pytest.mark.parametrize("words", [["--format", "jsonl"], []])
def test_a_reader_that_leaves_is_no_trouble(words: list[str], tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE * 2000)
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_inspect", "show", "t.jsonl", *words],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(PATIENCE) == 0


def follow(tmp_path: Path, environ: dict[str, str], *words: str) -> list[str]:
    return [sys.executable, "-m", "asgi_inspect", "show", "-f", *words]


def test_follow(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    with running(follow(tmp_path, environ, "t.jsonl"), env=environ, cwd=tmp_path) as process:
        process.wait_for("GET /seventeen")
        with (tmp_path / "t.jsonl").open("ab") as file:
            file.write(lines(*conversation("aaaa", 18, "/eighteen")))
        process.wait_for("GET /eighteen")
        assert process.stop(signal.SIGINT) == 130
    assert process.stderr == ""


def test_follow_one_connection(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    with running(follow(tmp_path, environ, "--conn", "18", "t.jsonl"), env=environ, cwd=tmp_path) as process:
        with (tmp_path / "t.jsonl").open("ab") as file:
            file.write(lines(*conversation("aaaa", 18, "/eighteen")))
        process.wait_for("body of /eighteen")
        process.stop(signal.SIGINT)
    assert "/one" not in process.stdout


def test_follow_ends_when_nobody_reads_any_more(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE)
    reader, writer = os.pipe()
    process = subprocess.Popen(follow(tmp_path, environ, "t.jsonl"), cwd=tmp_path, env=environ, stdout=writer)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("form", ["pretty", "jsonl"])
def test_a_full_disk_behind_stdout_is_said(form: str, run: Run, tmp_path: Path, environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "asgi_inspect", "show", "t.jsonl", "--format", form]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, **environ},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "asgi-inspect: standard output cannot be written: No space left on device.\n"
    assert (result.returncode, result.stderr) == (2, said)


def test_a_connection_that_was_cut_off_shows_where(run: Run, tmp_path: Path) -> None:
    scope, start, body, end = conversation("cccc", 1, "/cut")
    gone = ExitRecord(proc="cccc", at=AT, open=1)
    (tmp_path / "cut.jsonl").write_bytes(lines(process("cccc", 4713), scope, start, gone))
    assert "cut off" in run("show", "cut.jsonl", "--conn", "1").stdout
    (tmp_path / "whole.jsonl").write_bytes(lines(process("cccc", 4713), scope, start, body, end, gone))
    assert "gone" not in run("show", "whole.jsonl", "--conn", "1").stdout


def test_an_empty_trace_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    result = run("show", "empty.jsonl")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "asgi-inspect: nothing is recorded there.\n")
