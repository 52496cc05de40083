"""`asgi-inspect show` with filters: what is found in the traces of real servers, and how it is listed."""

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import zstandard

from asgi_inspect.trace.connection import proc_of
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord
from tests.cli.conftest import OTHER, TRACE, Run, conversation, lines, process
from tests.launch.conftest import free_port
from tests.launch.test_launch import until
from tests.serving import PATIENCE, ROOT, running
from tests.trace.served import APPLICATION

PATHS = {
    "": [
        "",
        "/api/items/1",
        "/api/items/2",
        "/events",
        "/packed",
        "/big",
        "/no where",
        "/api/broken",
        "/talk",
        "/refused",
    ],
    "status:201": ["/api/items/1", "/api/items/2"],
    "status:4xx,5xx": ["/no where"],
    "path:/api/* -method:POST": ["/api/items/2", "/api/broken"],
    "type:websocket": ["/talk", "/refused"],
    "body:treasure": ["/packed"],
    "text:debug": ["/api/items/1"],
    "error:ValueError": ["/api/broken"],
    "larger-than:10k type:http": ["/big"],
    "header:x-request-id=r2": ["/api/items/2"],
    "code:4001": ["/talk"],
    "message:websocket.close": ["/talk", "/refused"],
}


@pytest.mark.parametrize("words", PATHS)
def test_what_a_filter_finds(words: str, captured: Path, run: Run) -> None:
    result = run("show", str(captured), *words.split(), "--fields", "path")
    assert (result.returncode, result.stderr) == (0, "")
    assert sorted(result.stdout.splitlines()) == sorted(PATHS[words])


@pytest.mark.parametrize("form", ["pretty", "compact", "jsonl", "table"])
def test_every_format_shows_what_was_found_and_nothing_else(form: str, captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--format", form, "path:/events")
    assert (result.returncode, result.stderr) == (0, "")
    assert "/events" in result.stdout
    assert "/packed" not in result.stdout


def test_records_that_were_found_are_a_trace_of_their_own(captured: Path, run: Run, tmp_path: Path) -> None:
    result = run("show", str(captured), "--format", "jsonl", "path:/events")
    (tmp_path / "some.jsonl").write_text(result.stdout)
    records = list(read_trace(tmp_path / "some.jsonl"))
    assert isinstance(records[0], ProcessRecord)
    assert [record.scope["path"] for record in records if isinstance(record, ScopeRecord)] == ["/events"]
    assert run("show", "some.jsonl", "--format", "jsonl").stdout == result.stdout


@pytest.mark.parametrize(
    "words", [["--format", "table"], ["--fields", "path"], [], ["--format", "jsonl"], ["--messages"]]
)
def test_nothing_that_matches_has_a_status_of_its_own(words: list[str], captured: Path, run: Run) -> None:
    result = run("show", str(captured), "status:599", *words)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "asgi-inspect: nothing in this trace matches the filter.\n"


def test_damage_has_the_louder_status(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE + b"rubbish\n")
    result = run("show", "t.jsonl", "status:599")
    assert (result.returncode, result.stdout) == (3, "")
    assert "nothing in this trace matches" in result.stderr


# --- fields --------------------------------------------------------------------------------------------------------------


def test_fields_have_tabs_between_them(captured: Path, run: Run) -> None:
    result = run(
        "show", str(captured), "method:PUT", "--fields", "id,method,path,status,host,request-header:X-Request-ID"
    )
    pid, *rest = result.stdout.removesuffix("\n").replace("#", "\t").split("\t")
    assert pid.isdecimal()
    assert rest[1:] == ["PUT", "/api/items/2", "201", "tea.example", "r2"]
    again = run("show", str(captured), "--conn", result.stdout.split("\t")[0], "--fields", "path")
    assert again.stdout == "/api/items/2\n"


def test_a_header_comes_first_if_it_is_asked_for(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "path:/talk", "--header", "--fields", "path, Close-Code,accepted")
    assert result.stdout == "path\tclose_code\taccepted\n/talk\t4001\ttrue\n"


def test_all_fields_are_listed(run: Run) -> None:
    result = run("show", "--fields", "help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "answered_us" in result.stdout
    assert "header:NAME" in result.stdout


# --- the table -----------------------------------------------------------------------------------------------------------


def test_the_table_is_a_line_a_connection(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--format", "table", "type:http", COLUMNS="160")
    heading, *rows, total = result.stdout.splitlines()
    assert heading.split()[:8] == ["time", "id", "method", "path", "status", "type", "size", "duration"]
    assert [row.split()[2] for row in rows] == ["POST", "PUT", "GET", "GET", "GET", "GET", "GET"]
    assert all(row.rstrip()[-1] in "─━" for row in rows)
    assert total.startswith("── 7 connections · ")
    assert "\x1b" not in result.stdout


def test_the_table_of_several_processes_names_them(run: Run) -> None:
    table = run("show", "t.jsonl", "other.jsonl", "--format", "table").stdout
    assert "4712#1 " in table
    assert table.count("\n") == 5


def test_a_big_trace_is_listed_whole(run: Run, tmp_path: Path) -> None:
    """More rows than are held until the first is shown."""
    many = [record for number in range(1, 1301) for record in conversation("aaaa", number, f"/{number}")]
    (tmp_path / "many.jsonl").write_bytes(lines(process("aaaa", 4711), *many))
    table = run("show", "many.jsonl", "--format", "table").stdout.splitlines()
    assert [line.split()[3] for line in table[1:-1]] == [f"/{number}" for number in range(1, 1301)]
    assert table[-1].startswith("── 1,300 connections")


# --- messages ------------------------------------------------------------------------------------------------------------


def test_single_messages(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--messages", "message:websocket.send,websocket.close")
    assert (result.returncode, result.stderr) == (0, "")
    arrows = [line.split()[2] for line in result.stdout.splitlines()]
    assert arrows == ["┌", "←", "←", "┌", "←"]  # each behind the scope of its connection
    assert "LEMON TEA" in result.stdout
    assert "lemon tea" not in result.stdout


def test_single_messages_as_records(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--messages", "text:LEMON", "--format", "jsonl")
    kinds = [json.loads(line) for line in result.stdout.splitlines()]
    assert [kind["record"] for kind in kinds] == ["send"]  # each is a message, for jq
    assert kinds[0]["message"]["text"] == "LEMON TEA"


@pytest.mark.parametrize("other", ["nowhere.jsonl", ".", "notes.txt"])
def test_of_several_files_what_can_be_read_is_read(captured: Path, run: Run, other: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk, tea\n")
    name = str(tmp_path / other)
    result = run("show", name, str(captured), "--fields", "path")
    assert "/events" in result.stdout
    assert result.returncode == 3
    assert result.stderr.startswith(f"asgi-inspect: {name}: ")
    assert result.stderr.count("\n") == 1
    assert run("show", name, name + "x").returncode == 2


def test_terms_about_connections_hold_of_their_messages(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--messages", "path:/big", "-message:http.response.body")
    assert "http.response.start" in result.stdout
    assert "http.response.body" not in result.stdout
    assert "/events" not in result.stdout


# --- sources -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["--format", "jsonl"], ["--format", "jsonl", "type:http"], ["--conn", "17", "--format", "jsonl"]]
)
def test_compressed_files_are_read_as_they_are(words: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(TRACE))
    (tmp_path / "t.jsonl.zst").write_bytes(zstandard.compress(TRACE))
    plain = run("show", "t.jsonl", *words)
    assert plain.stdout
    for name in ("t.jsonl.gz", "t.jsonl.zst"):
        coded = run("show", name, *words)
        assert (coded.returncode, coded.stdout, coded.stderr) == (0, plain.stdout, "")
    assert run("show", "-", *words, given=gzip.compress(TRACE)).stdout == plain.stdout


def test_a_compressed_file_that_was_cut_off_is_read_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TRACE * 50)[:-40])
    result = run("show", "cut.gz", "--fields", "path", "path:/one")
    assert (result.returncode, result.stdout) == (3, "/one\n")
    assert "cut off" in result.stderr


@pytest.mark.parametrize(
    "words", [["--format", "table"], ["--fields", "path"], ["--format", "compact"], ["status:200"]]
)
def test_standard_input_and_files_together(words: list[str], run: Run) -> None:
    result = run("show", "-", "other.jsonl", *words, given=TRACE)
    assert result.returncode == 0
    for path in ("/one", "/seventeen", "/other"):
        assert path in result.stdout


def test_many_damaged_lines_are_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE + b"rubbish\n" * 50 + OTHER)
    result = run("show", "t.jsonl", "--fields", "path")
    assert result.returncode == 3
    assert result.stdout.split() == ["/one", "/seventeen", "/other"]
    said = result.stderr.splitlines()
    assert said[0].startswith("asgi-inspect: t.jsonl, line 10: ")
    assert said[5:] == ["asgi-inspect: t.jsonl: and 45 more damaged lines."]


# --- several workers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", [["uvicorn", "--workers", "2", "--port"], ["hypercorn", "-w", "2", "-b"]])
def test_what_two_workers_did_is_told_apart(server: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APPLICATION)
    port = free_port()
    place = str(port) if server[0] == "uvicorn" else f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "asgi_inspect", "-o", "two.jsonl", "--quiet", *server, place, "main:app"]
    with running(command, env={"PYTHONPATH": str(ROOT)}, cwd=tmp_path) as process:
        process.wait_for(f"unning on http://127.0.0.1:{port}")
        until(lambda: _workers_after_one_more(port, tmp_path / "two.jsonl") == 2)
        process.stop()
    rows = run("show", "two.jsonl", "type:http", "--fields", "id,pid,conn").stdout.splitlines()
    for row in rows:
        name, pid, conn = row.split("\t")
        assert name.startswith(f"{pid}#")
        assert run("show", "two.jsonl", "--conn", name, "--fields", "conn").stdout == f"{conn}\n"
        break
    table = run("show", "two.jsonl", "type:http", "--format", "table").stdout.splitlines()[1:-1]
    names = {row.split("\t")[0] for row in rows}
    # Before a second process was met, a connection of the first one needs no number of it.
    assert {name for name in (row.split()[1] for row in table) if not name.startswith("#")} <= names
    assert len(table) == len(rows)


def _workers_after_one_more(port: int, trace: Path) -> int:
    """How many workers have answered by now, with one more connection made."""
    with suppress(httpx.TransportError):  # the parent has said that it listens, and its workers do not yet
        httpx.get(f"http://127.0.0.1:{port}/events", timeout=PATIENCE)
    scopes = [record for record in read_trace(trace) if isinstance(record, ScopeRecord)]
    return len({proc_of(scope.conn) for scope in scopes if scope.scope["type"] == "http"})
