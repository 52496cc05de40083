"""`asgi-inspect export` and `import`: what they read and write, and how they end."""

import itertools
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asgi_inspect.launch.state import new_run
from tests.cli.conftest import OTHER, TRACE, Run, conversation, lines, process
from tests.serving import PATIENCE

KINDS = ["har", "curl", "httpie", "chrome-trace", "csv"]


def paths(har: str) -> list[str]:
    return [entry["request"]["url"].rpartition("/")[2] for entry in json.loads(har)["log"]["entries"]]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(kind: str, run: Run) -> None:
    result = run("export", kind, "t.jsonl")
    assert (result.returncode, result.stderr) == (0, "")
    assert "/seventeen" in result.stdout


def test_a_filter_and_several_files(run: Run) -> None:
    result = run("export", "har", "t.jsonl", "other.jsonl", "path:/o*", "-status:5xx")
    assert (result.returncode, result.stderr) == (0, "")
    assert paths(result.stdout) == ["one", "other"]


def test_standard_input_and_the_newest(run: Run, tmp_path: Path, environ: dict[str, str]) -> None:
    assert paths(run("export", "har", "-", given=OTHER).stdout) == ["other"]
    assert run("export", "har").returncode == 2
    new_run(tmp_path, datetime(2026, 1, 1, tzinfo=UTC), environ).path.write_bytes(OTHER)
    assert paths(run("export", "har").stdout) == ["other"]


def test_a_file_is_written(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.har"
    result = run("export", "har", "t.jsonl", "-o", "out.har")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert paths(out.read_text()) == ["one", "seventeen"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~_umask()
    out.chmod(0o600)
    (tmp_path / "link.har").symlink_to(out)
    assert run("export", "har", "other.jsonl", "-o", "link.har").returncode == 0
    assert paths(out.read_text()) == ["other"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.glob("*har*")} == {"out.har", "link.har"}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_nothing_that_matches(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.har").write_text("old")
    result = run("export", "har", "t.jsonl", "path:/nowhere", "-o", "out.har")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("asgi-inspect: there is nothing that har could hold; ")
    assert (tmp_path / "out.har").read_text() == "old"


def test_damage_is_said_and_the_rest_is_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE + b"rubbish\n" + OTHER)
    result = run("export", "har", "t.jsonl", "-o", "out.har")
    assert result.returncode == 3
    assert "t.jsonl, line " in result.stderr
    assert paths((tmp_path / "out.har").read_text()) == ["one", "seventeen", "other"]


def test_a_connection_without_its_scope_is_said_to_be_left_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines(process("a", 1), *conversation("a", 1), *conversation("a", 2)[1:]))
    result = run("export", "har", "t.jsonl")
    assert result.returncode == 0
    assert result.stderr.startswith("asgi-inspect: left out, ")


WRONG = [
    (["export"], "missing argument 'KIND'"),
    (["export", "xml", "t.jsonl"], "invalid value for 'KIND': 'xml' is not one of"),
    (["export", "har", "nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["export", "har", "."], "cannot read .: Is a directory."),
    (["export", "har", "main.py"], "main.py is no trace of asgi-inspect"),
    (["export", "har", "t.jsonl", "stauts:500"], ""),
    (["export", "har", "t.jsonl", "--fields", "path"], "--fields chooses the columns of csv; har has none."),
    (["export", "csv", "t.jsonl", "--fields", "pth"], 'there is no field "pth"; did you mean path?'),
    (["export", "har", "t.jsonl", "-o", "t.jsonl"], "cannot write t.jsonl: it is read at the same time; name another"),
    (["export", "har", "t.jsonl", "-o", "."], "cannot write .: it is no regular file; name another."),
    (["export", "har", "t.jsonl", "-o", "/dev/null"], "cannot write /dev/null: it is no regular file; - is standard"),
    (["export", "har", "t.jsonl", "-o", "no/where"], "cannot write no/where: No such file or directory."),
    (["import"], "missing argument 'KIND'"),
    (["import", "har", "nowhere.har"], "cannot read nowhere.har: No such file or directory."),
    (["import", "har", "t.jsonl"], "t.jsonl is no HTTP archive: it has no log.entries."),
    (["import", "har", "main.py"], "main.py is no HTTP archive: it is no JSON object."),
    (["import", "har", "x.har", "-o", "x.har"], "cannot write x.har: it is read at the same time"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_sentence(words: list[str], sentence: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import os\n")
    (tmp_path / "x.har").write_text('{"log": {"entries": [{"request": {"url": "http://localhost/"}}]}}')
    result = run(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {sentence}")
    assert result.stderr.count("\n") == 1
    assert (tmp_path / "t.jsonl").read_bytes() == TRACE


def test_what_could_not_be_finished_replaces_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.har").write_text('{"log": {}}')
    (tmp_path / "out.jsonl").write_text("good")
    assert run("import", "har", "x.har", "-o", "out.jsonl").returncode == 2
    assert (tmp_path / "out.jsonl").read_text() == "good"
    assert not list(tmp_path.glob("*.part"))


def test_a_reader_that_leaves_is_no_trouble(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines(process("a", 1), *(r for n in range(5000) for r in conversation("a", n))))
    command = [sys.executable, "-m", "asgi_inspect", "export", "har", "t.jsonl"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as exporting:
        assert exporting.stdout is not None
        assert exporting.stderr is not None
        exporting.stdout.readline()
        exporting.stdout.close()
        assert exporting.stderr.read() == b""
        assert exporting.wait(PATIENCE) == 0


def test_nothing_that_acts_reaches_a_terminal(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines(process("a", 1), *conversation("a", 1, "/\x1b]0;x\x07\x9b2J\u202e")))
    for kind in KINDS:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "asgi_inspect", "export", kind, "t.jsonl"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, stdin=theirs, stdout=theirs, timeout=60, check=False)
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # EIO: all of it was read
            pass
        os.close(ours)
        assert done.returncode == 0
        assert not set(shown.decode()) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_there_and_back(run: Run, tmp_path: Path) -> None:
    har = run("export", "har", "t.jsonl").stdout
    (tmp_path / "x.har").write_text(har)
    result = run("import", "har", "x.har", "-o", "again.jsonl")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert "GET /seventeen" in run("show", "again.jsonl", "--format", "compact").stdout
    assert paths(run("export", "har", "again.jsonl").stdout) == ["one", "seventeen"]
    assert b'"record":"scope"' in run("import", "har", "-", given=har.encode()).stdout.encode()


def test_an_archive_that_is_cut_off(run: Run, tmp_path: Path) -> None:
    har = run("export", "har", "t.jsonl").stdout
    (tmp_path / "x.har").write_text(har[: har.index("/seventeen")])
    result = run("import", "har", "x.har", "-o", "again.jsonl")
    assert (result.returncode, result.stderr) == (
        3,
        "asgi-inspect: x.har: it ends in the middle; all before was read.\n",
    )
    assert paths(run("export", "har", "again.jsonl").stdout) == ["one"]


def test_an_archive_of_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.har").write_text('{"log": {"entries": []}}')
    (tmp_path / "out.jsonl").write_text("good")
    result = run("import", "har", "x.har", "-o", "out.jsonl")
    assert (result.returncode, result.stderr) == (1, "asgi-inspect: x.har: there is no entry in it.\n")
    assert (tmp_path / "out.jsonl").read_text() == "good"


def test_the_fields_are_listed(run: Run) -> None:
    assert "duration_us" in run("export", "csv", "--fields", "help").stdout


def test_the_help_names_the_kinds(run: Run) -> None:
    shown = run("export", "--help").stdout
    assert all(f"  {kind} " in shown for kind in KINDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_who_is_ended_in_the_middle_leaves_nothing(number: int, captured: Path, tmp_path: Path) -> None:
    """A pipe that never ends keeps it writing; the first part of the file tells that it has begun."""
    fifo = tmp_path / "endless.jsonl"
    os.mkfifo(fifo)
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "asgi_inspect", "export", "har", str(fifo), "-o", str(out / "all.har")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        copy = captured.read_bytes()
        proc = json.loads(copy.splitlines()[0])["proc"].encode()
        with fifo.open("wb") as writing:
            for number_of_copy in itertools.count():
                writing.write(copy.replace(proc, b"%012d" % number_of_copy))
                if list(out.iterdir()):
                    break
            process.send_signal(number)
            assert process.wait(30) != 0
    assert list(out.iterdir()) == []
