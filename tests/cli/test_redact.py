"""`asgi-inspect redact`, and exports, which clean again."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect import connections
from asgi_inspect.export import kinds
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from tests.redaction.test_served import REQUESTS, SECRET, _ask, app
from tests.serving import serving


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real server and a client said to each other; nothing is withheld."""
    out = tmp_path_factory.mktemp("redact") / "trace.jsonl"
    with serving(InspectMiddleware(app, out=out, redact=None), log_level="critical") as port:
        for name in ("json", "form", "multipart", "headers", "query", "no type", "raises"):
            options: dict[str, Any] = {**REQUESTS[name]}
            _ask(port, options.pop("path", "/"), **options)
    assert SECRET in out.read_text()
    return out


def command(*words: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    whole = [sys.executable, "-m", "asgi_inspect", *map(str, words)]
    return subprocess.run(whole, capture_output=True, input=stdin, timeout=60)


def test_a_trace_is_cleaned_and_says_the_same_otherwise(trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "clean.jsonl"
    done = command("redact", trace, "-o", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert SECRET not in out.read_text().replace("\\", "")
    assert len(out.read_bytes().splitlines()) == len(trace.read_bytes().splitlines())
    before, after = list(connections(trace)), list(connections(out))
    assert [(c.conn, c.status, c.path, c.duration_us) for c in before] == [
        (c.conn, c.status, c.path, c.duration_us) for c in after
    ]
    assert [type(record) for record in read_trace(out)] == [type(record) for record in read_trace(trace)]


def test_what_was_cleaned_stays_as_it_is(trace: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.jsonl", tmp_path / "twice.jsonl"
    command("redact", trace, "-o", once)
    command("redact", once, "-o", twice)
    assert once.read_bytes().splitlines()[1:] == twice.read_bytes().splitlines()[1:]  # the first says by which key


def test_names_a_filter_and_standard_input(trace: Path) -> None:
    done = command("redact", "-", "path:/raises", "--redact", "us*r", stdin=trace.read_bytes())
    assert done.returncode == 0
    assert b'"path":"/raises"' in done.stdout
    assert b'"path":"/"' not in done.stdout
    assert b"Ada Lovelace" not in done.stdout
    assert command("redact", trace, "path:/nowhere").returncode == 1


def test_what_this_version_does_not_know_is_carried_over_and_cleaned(tmp_path: Path) -> None:
    file = tmp_path / "later.jsonl"
    records: list[dict[str, Any]] = [
        {"record": "process", "v": 1, "proc": "a", "at": "2026-01-01T00:00:00.000000Z", "pid": 1, "parent_pid": 1, "host": "h", "argv": ["x", "--token", SECRET], "python": "3", "asgi_inspect": "9", "environ": {"API_KEY": SECRET, "LANG": "C"}},
        {"record": "later", "proc": "a", "note": f"Bearer {SECRET}", "n": 7},
        {"record": "scope", "conn": "a.1", "at": "2026-01-01T00:00:00.000000Z", "scope": {"type": "http", "path": "/"}, "more": {"secret": SECRET, "kept": [1]}},
    ]  # fmt: skip
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    done = command("redact", file)
    kept = [json.loads(line) for line in done.stdout.splitlines()]
    assert SECRET not in done.stdout.decode()
    assert [list(record) for record in kept] == [[*records[0], "options"][: len(kept[0])], *map(list, records[1:])]
    assert kept[0]["environ"]["LANG"] == "C"
    assert kept[2]["more"]["kept"] == [1]


def test_damage_is_said_and_nothing_of_it_is_passed_on(trace: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(trace.read_bytes() + f'{{"record":"send","conn":"x.1","password":"{SECRET}'.encode())
    done = command("redact", torn)
    assert done.returncode == 3
    assert b"torn" in done.stderr
    assert SECRET.encode() not in done.stdout


@pytest.mark.parametrize("kind", kinds())
def test_every_export_cleans_again(kind: str, trace: Path) -> None:
    done = command("export", kind, trace)
    assert done.returncode == 0
    assert SECRET not in done.stdout.decode().replace("\\", "")


@pytest.mark.parametrize("kind", ["har", "curl", "httpie"])
def test_an_export_has_everything_on_request(kind: str, trace: Path) -> None:
    done = command("export", kind, trace, "--no-redact")
    assert done.returncode == 0
    assert f"Bearer {SECRET}" in done.stdout.decode()


def test_what_cannot_be_is_said(trace: Path, tmp_path: Path) -> None:
    for words, sentence in (
        (["redact", trace, "-o", tmp_path / "x.gz"], b"plain JSON Lines"),
        (["redact", trace, "-o", trace], b"read at the same time"),
        (["redact", trace, "--redact", "a,,b"], b"an empty one fits nothing"),
        (["redact", trace, "--redact", "none"], b"leave the command out"),
        (["export", "har", trace, "--no-redact", "--redact", "x"], b"leave one of them out"),
        (["redact"], b"FILE"),
    ):
        done = command(*words)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert b"Traceback" not in done.stderr


def test_a_new_trace_is_for_its_owner_only(trace: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("redact", "merge")):
        out = tmp_path / f"{number}.jsonl"
        assert command(name, trace, "-o", out).returncode == 0
        assert out.stat().st_mode & 0o777 == 0o600
