"""`asgi-inspect show --conn`: one connection of a real server's trace as a page, message by message, or a body of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.serving import ROOT


def conn_of(path: str, captured: Path, run: Run) -> str:
    return run("show", str(captured), f"path:{path}", "--fields", "conn").stdout.strip()


def test_a_page(captured: Path, run: Run) -> None:
    conn = conn_of("/packed", captured, run)
    page = run("show", str(captured), "--conn", conn)
    assert (page.returncode, page.stderr) == (0, "")
    assert page.stdout.startswith("GET /packed\n")
    assert "hidden treasure" in page.stdout
    assert conn in page.stdout


def test_its_messages_one_by_one(captured: Path, run: Run) -> None:
    raw = run("show", str(captured), "--conn", conn_of("/events", captured, run), "--raw")
    assert raw.returncode == 0
    assert raw.stdout.count("http.response.body") == 3
    assert "half a wo" in raw.stdout


@pytest.mark.parametrize(
    ("path", "side", "body"),
    [
        ("/packed", "response", b"leaves " * 9 + b"hidden treasure"),
        ("/big", "response", b"\xff" * 20_000),
        ("/events", "response", b"data: half a word split\n\n"),
        ("/api/items/1", "request", b'{"name":"Ada L"}'),
        ("/api/items/2", "request", "Grüße".encode()),
        ("/events", "request", b""),
    ],
)
def test_a_body_and_nothing_else(path: str, side: str, body: bytes, captured: Path, run: Run) -> None:
    conn = conn_of(path, captured, run)
    done = subprocess.run(
        [sys.executable, "-m", "asgi_inspect", "show", str(captured), "--conn", conn, "--body", side],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (body, b"")


def test_a_body_as_it_was_sent(captured: Path, run: Run, tmp_path: Path) -> None:
    conn = conn_of("/packed", captured, run)
    command = [
        sys.executable,
        "-m",
        "asgi_inspect",
        "show",
        str(captured),
        "--conn",
        conn,
        "--body",
        "response",
        "--raw",
    ]
    sent = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    assert sent.startswith(b"\x1f\x8b")


def test_what_is_missing_of_a_body_is_said(run: Run, tmp_path: Path) -> None:
    line = (
        '{"record":"scope","conn":"a.1","at":"2026-01-01T00:00:00Z","scope":{"type":"http","method":"GET","path":"/"}}\n'
        '{"record":"send","conn":"a.1","n":1,"t_us":1,"message":{"type":"http.response.body",'
        '"body":{"$truncated":{"size":100,"head":"abc"}}}}\n'
    )
    (tmp_path / "cut.jsonl").write_text(line)
    result = run("show", "cut.jsonl", "--conn", "1", "--body", "response")
    assert (result.returncode, result.stdout) == (3, "abc")
    assert result.stderr.startswith("asgi-inspect: ")


def test_a_filter_and_a_name_must_both_hold(captured: Path, run: Run) -> None:
    conn = conn_of("/big", captured, run)
    assert run("show", str(captured), "--conn", conn, "status:200").returncode == 0
    assert run("show", str(captured), "--conn", conn, "status:404").returncode == 1


@pytest.mark.parametrize("words", [["--format", "table"], ["--fields", "path"]])
def test_one_connection_in_a_list(words: list[str], captured: Path, run: Run) -> None:
    listed = run("show", str(captured), "--conn", conn_of("/big", captured, run), *words).stdout
    assert "/big" in listed
    assert "/events" not in listed


def test_a_websocket_has_no_body(captured: Path, run: Run) -> None:
    result = run("show", str(captured), "--conn", conn_of("/talk", captured, run), "--body", "response")
    assert (result.returncode, result.stdout) == (0, "")
    assert "a WebSocket has messages in place of a body: --raw shows them." in result.stderr
