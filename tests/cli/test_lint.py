"""`asgi-inspect lint`: what is found in a trace, how it is said, and the exit status; and `--lint` of a run."""

import gzip
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi_inspect.cli.lint import unjudged
from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.lines import WorkerLostError, lint_lines
from asgi_inspect.lint.linter import Linter
from asgi_inspect.trace.records import EndRecord, Record, ScopeRecord, SendRecord
from tests.cli.conftest import AT, Run, lines, process
from tests.serving import PATIENCE, Process, running
from tests.stage import http_scope

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"tea"}
SHORT = {**START, "headers": [(b"content-length", b"10")]}


def talk(number: int, *sent: object, path: str = "/leaves", proc: str = "aaaa") -> list[Record]:
    """A connection in which the application sends that, and returns."""
    conn = f"{proc}.{number}"
    scope = http_scope(path=path, raw_path=path.encode())
    sends = [SendRecord(conn=conn, n=n, t_us=10 * n, message=message) for n, message in enumerate(sent, 1)]
    return [
        ScopeRecord(conn=conn, at=AT, scope=scope),
        *sends,
        EndRecord(conn=conn, n=len(sent) + 1, t_us=900, outcome="returned"),
    ]


TWICE = (START, BODY, START, BODY)
BAD = lines(
    process("aaaa", 4711),
    *talk(1, START, BODY),
    *talk(2, *TWICE, path="/twice/1"),
    *talk(3, *TWICE, path="/twice/2"),
    *talk(4, SHORT, BODY, path="/short"),
    *talk(5, path="/nothing"),
)
CLEAN = lines(process("aaaa", 4711), *talk(1, START, BODY), *talk(2, START, BODY))


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(BAD)
    return path


def findings(run: Run, *words: str, **more: Any) -> dict[str, tuple[str, int]]:
    """What `lint --format json` finds: by code, where and how often."""
    result = run("lint", "--format", "json", *words, **more)
    return {found["code"]: (found["where"], found["count"]) for found in json.loads(result.stdout)["findings"]}


PAGE = """\
error H101 response-not-started · by the application
  GET /nothing
    The application returned without receiving anything, and sent no response.
    record 1 · asgi-inspect show bad.jsonl --conn aaaa.5
  fix   *
  rule  asgi-inspect explain H101
        https://*

error H105 start-after-complete · by the application
  GET /twice/{id} · 2 connections, the first:
    The application starts a response with status 200, after it has completed one with status 200.
    records 1, 2, 3 · asgi-inspect show bad.jsonl --conn aaaa.2
  fix   *
  rule  asgi-inspect explain H105
        https://*

error H304 body-shorter-than-content-length · by the application
  GET /short
    The response is complete with 3 bytes of body, but its `content-length` says 10: 7 bytes never come.
    records 1, 2 · asgi-inspect show bad.jsonl --conn aaaa.4
  fix   *
  rule  asgi-inspect explain H304
        https://*

── 3 errors · 5 connections
"""


def test_the_page(bad: Path, run: Run) -> None:
    result = run("lint", "bad.jsonl", "--level", "error")
    assert (result.returncode, result.stderr) == (1, "")
    pattern = re.escape(PAGE).replace(r"\*", ".+")
    assert re.fullmatch(pattern, result.stdout), result.stdout
    shown = run("show", "bad.jsonl", "--conn", "aaaa.4")
    assert "content-length" in shown.stdout
    assert "\x1b[1;31merror" in run("lint", "bad.jsonl", "--color", "always").stdout


def test_a_clean_trace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "clean.jsonl").write_bytes(CLEAN)
    result = run("lint", "clean.jsonl")
    assert (result.returncode, result.stdout, result.stderr) == (0, "── no findings · 2 connections\n", "")


def test_the_level_decides_what_is_told_and_the_status(bad: Path, run: Run) -> None:
    only = ("--select", "H304")
    assert run("lint", "bad.jsonl", *only).returncode == 1
    assert run("lint", "bad.jsonl", "--select", "H9").returncode == 0
    warned = lines(process("aaaa", 1), *talk(1, START | {"headers": [(b"X-Leaf", b"tea")]}, BODY))
    every = run("lint", "-", "--level", "info", given=warned).stdout
    severities = re.findall(r"^(info|warning|error) ", every, re.MULTILINE)
    assert severities
    assert "error" not in severities
    result = run("lint", "-", "--level", "error", given=warned)
    assert result.returncode == 0
    assert f"not shown (--level {severities[0]})" in result.stdout


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["--select", "H105"], {"H105"}),
        (["--select", "start-after-complete,H304"], {"H105", "H304"}),
        (["--select", "H1"], {"H101", "H105"}),
        (["--ignore", "H1"], {"H304"}),
        (["--select", "all", "--ignore", "response-not-started", "--ignore", "H105", "--level", "error"], {"H304"}),
        (["path:/short"], {"H304"}),
        (["-path:/short", "-path:/nothing"], {"H105"}),
    ],
)
def test_rules_and_connections_can_be_chosen(words: list[str], codes: set[str], bad: Path, run: Run) -> None:
    assert {code for code in findings(run, "bad.jsonl", *words) if code.startswith("H")} == codes


def test_where_the_choice_may_stand(bad: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.asgi-inspect.lint]\nignore = ["H105", "H304"]\nlevel = "error"\nlive = true\n'
    )
    assert set(findings(run, "bad.jsonl")) == {"H101"}
    assert set(findings(run, "bad.jsonl", ASGI_INSPECT_LINT_IGNORE="H101 H105")) == {"H304"}
    assert set(findings(run, "bad.jsonl", "--ignore", "H101,H304", ASGI_INSPECT_LINT_IGNORE="H105")) == {"H105"}


WRONG = [
    (["--select", "H1055", "bad.jsonl"], 'there is no rule "H1055"; did you mean H105?'),
    (
        ["--ignore", "start-after-compete", "bad.jsonl"],
        'there is no rule "start-after-compete"; did you mean start-after-complete?',
    ),
    (
        ["--level", "fatal", "bad.jsonl"],
        "invalid value for '--level': 'fatal' is not one of 'error', 'warning', 'info'",
    ),
    (["--format", "xml", "bad.jsonl"], "invalid value for '--format': 'xml' is not one of "),
    (["nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["-o", "bad.jsonl", "bad.jsonl"], "cannot write bad.jsonl: it is read at the same time; name another file."),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_sentence(words: list[str], sentence: str, bad: Path, run: Run) -> None:
    result = run("lint", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {sentence}")
    assert result.stderr.count("\n") == 1
    assert bad.read_bytes() == BAD


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("rules = 1", '[tool.asgi-inspect.lint] knows no "rules"; there is select, ignore, level.'),
        ("select = 1", '"select" in [tool.asgi-inspect.lint] takes a string or a list of strings, not 1.'),
        ('level = "fatal"', "\"level\" in [tool.asgi-inspect.lint]: 'fatal' is not one of 'error', 'warning', 'info'."),
    ],
)
def test_a_wrong_table_is_one_sentence(table: str, sentence: str, bad: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.asgi-inspect.lint]\n{table}\n")
    result = run("lint", "bad.jsonl")
    assert (result.returncode, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_the_formats_go_to_a_file_as_well(bad: Path, run: Run, tmp_path: Path) -> None:
    for name in ("json", "sarif", "junit", "github", "text"):
        result = run("lint", "bad.jsonl", "--format", name, "-o", f"report.{name}")
        assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    sarif = json.loads((tmp_path / "report.sarif").read_text("utf-8"))
    places = {found["ruleId"]: found["locations"][0]["physicalLocation"] for found in sarif["runs"][0]["results"]}
    number = next(n for n, line in enumerate(BAD.splitlines(), 1) if b'"conn":"aaaa.4","n":2' in line)
    assert places["H304"] == {"artifactLocation": {"uri": "bad.jsonl"}, "region": {"startLine": number}}
    assert ET.parse(tmp_path / "report.junit").getroot().get("failures") == str(len(places))
    assert (tmp_path / "report.github").read_text("utf-8").count("::error ") >= 3
    text = (tmp_path / "report.text").read_text("utf-8")
    assert "H105 start-after-complete" in text
    assert "\x1b" not in text


def test_what_is_read_is_what_show_reads(bad: Path, run: Run, tmp_path: Path) -> None:
    whole = findings(run, "bad.jsonl")
    assert findings(run, "-", given=BAD) == whole
    (tmp_path / "bad.gz").write_bytes(gzip.compress(BAD))
    assert findings(run, "bad.gz") == whole
    (tmp_path / "more.jsonl").write_bytes(BAD.replace(b"aaaa", b"bbbb"))
    assert findings(run, "bad.jsonl", "more.jsonl")["H105"] == ("GET /twice/{id}", 4)
    page = run("lint", "more.jsonl", "bad.jsonl").stdout
    assert re.search(r"show more\.jsonl --conn bbbb\.2\n|show bad\.jsonl --conn aaaa\.2\n", page)
    assert "{file}" not in page


def test_nothing_there_nothing_matching_and_damage(bad: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    result = run("lint", "empty.jsonl")
    assert (result.returncode, result.stderr) == (0, "asgi-inspect: nothing is recorded there.\n")
    for format in ("json", "sarif", "junit", "github"):
        result = run("lint", "bad.jsonl", "path:/elsewhere", "--format", format)
        assert (result.returncode, result.stderr) == (1, "asgi-inspect: no connection matches.\n")
        assert bool(result.stdout) == (format != "github")  # which has a line for each finding
        if format in ("json", "sarif"):
            assert set(json.loads(result.stdout)) & {"findings", "runs"}
    result = run("lint", "bad.jsonl", "path:/elsewhere")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "asgi-inspect: no connection matches.\n")
    (tmp_path / "damaged.jsonl").write_bytes(CLEAN + b"rubbish\n")
    result = run("lint", "damaged.jsonl")
    assert result.returncode == 3
    assert "damaged.jsonl, line" in result.stderr
    assert "no findings" in result.stdout


def test_nothing_foreign_reaches_the_terminal(run: Run, tmp_path: Path) -> None:
    conn = "\x1b]0;x\x07;$(touch gone)"
    scope = http_scope(path="/\x1b[31m\u202e", method="GET\x1b[2J")
    (tmp_path / "evil.jsonl").write_bytes(
        lines(
            process("aaaa", 1),
            ScopeRecord(conn=conn, at=AT, scope=scope),
            EndRecord(conn=conn, n=1, t_us=9, outcome="returned", route="/\x1b[32m{id}"),
        )
    )
    for format in ("text", "json", "sarif", "junit", "github"):
        result = run("lint", "evil.jsonl", "--format", format)
        assert result.returncode == 1
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", result.stdout)
    assert "$(touch" not in run("lint", "evil.jsonl").stdout


def test_a_fault_of_ours_costs_the_record_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Linter, record: Record) -> None:
        if isinstance(record, EndRecord):
            raise TypeError("ours")
        whole(self, record)

    whole = Linter.feed
    monkeypatch.setattr(Linter, "feed", fail)
    found = lint_lines(BAD.splitlines(), Choice(), jobs=1)
    assert found.failures == {"TypeError": 5}
    assert "H105" in {finding.code for finding in found.findings}
    assert unjudged(found).startswith("5 records could not be judged (TypeError), which is a fault of asgi-inspect")
    assert unjudged(found._replace(failures=Counter())) == ""


# --- several processes ---


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_it_is_the_same_however_many_processes_judge(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asgi_inspect.lint.lines._WORTH_IT", 1000)
    monkeypatch.setattr("asgi_inspect.lint.lines._CHUNK", 500)
    lifespan = ScopeRecord(
        conn="aaaa.900", at=AT, scope={"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
    )
    failing = SendRecord(conn="aaaa.900", n=1, t_us=5, message={"type": "lifespan.startup.complete"})
    end = EndRecord(conn="aaaa.900", n=2, t_us=9, outcome="returned")
    many = [record for number in range(200) for record in talk(number, *TWICE, path=f"/{'ab'[number % 2]}")]
    records = lines(process("aaaa", 1), lifespan, failing, end, *many).splitlines()
    trace = [*records, b"rubbish", b'{"record":"new"}']
    found = lint_lines(trace, Choice(), jobs=jobs)
    assert found.connections == 201
    counts = {(one.code, one.where): one.count for one in found.findings}
    assert counts["H105", "GET /a"] == counts["H105", "GET /b"] == 100
    assert [count for (_, where), count in counts.items() if where == "lifespan"]
    assert {count for (_, where), count in counts.items() if where == "lifespan"} == {1}
    assert found == lint_lines(trace, Choice(), jobs=1)


def test_a_process_that_is_killed_is_said_and_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asgi_inspect.lint.lines._WORTH_IT", 1000)
    monkeypatch.setattr("asgi_inspect.lint.lines._work", lambda *arguments: os._exit(1))
    with pytest.raises(WorkerLostError):
        lint_lines(BAD.splitlines() * 20, Choice(), jobs=2)
    assert multiprocessing.active_children() == []


# --- live ---

APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"tea"})
    if scope["path"] == "/twice":
        await send({"type": "http.response.start", "status": 200, "headers": []})
"""


def serve(folder: Path, environ: dict[str, str], paths: list[str], *words: str) -> Process:
    """A run that was asked these paths, and has ended."""
    (folder / "main.py").write_text(APPLICATION)
    command = [sys.executable, "-m", "asgi_inspect", *words, "main:app", "--port", "0"]
    with running(command, env=environ, cwd=folder) as served:
        for path in paths:
            assert httpx.get(f"http://127.0.0.1:{served.port}{path}", timeout=PATIENCE).status_code == 200
        served.stop(signal.SIGINT)
    return served


def test_a_live_view_shows_a_finding_below_its_message_and_all_at_the_end(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    said = serve(tmp_path, environ, ["/", "/twice", "/twice"], "--lint", "--no-scope").stderr
    shown = [line for line in said.splitlines() if re.match(r"#3 |#4 ", line)]
    head = next(
        index for index, line in enumerate(shown) if "! error H105 start-after-complete · by the application" in line
    )
    assert "← " in shown[head - 1]
    assert "http.response.start" in shown[head - 1]
    assert "The application starts a response" in shown[head + 1]
    assert sum("! error H105" in line for line in shown) == 2
    assert sum("The application starts a response" in line for line in shown) == 1
    page = said.partition("\nerror H105")[2]
    assert "GET /twice · 2 connections, the first:" in page
    assert "asgi-inspect show --conn " in page
    assert "── 1 error · 4 connections" in page


@pytest.mark.parametrize(
    "words",
    [["--quiet"], ["--format", "jsonl"], ["--only", "path:/"], ["--format", "compact", "--utc"]],
    ids=lambda words: words[-1],
)
def test_all_is_told_at_the_end_whatever_is_shown(words: list[str], tmp_path: Path, environ: dict[str, str]) -> None:
    served = serve(tmp_path, environ, ["/", "/twice"], "--lint", *words)
    assert "error H105 start-after-complete · by the application\n  GET /twice\n" in served.stderr
    assert "── 1 error · 3 connections" in served.stderr
    if "jsonl" in words:
        assert all(line.startswith('{"record":') for line in served.stdout.splitlines())


def test_what_a_run_looks_for_may_be_said_elsewhere(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect.lint]\nlive = true\nignore = "H105"\n')
    said = serve(tmp_path, environ, ["/twice"]).stderr
    assert "H105" not in said
    said = serve(tmp_path, {**environ, "ASGI_INSPECT_LINT_IGNORE": "H101"}, ["/twice"]).stderr
    assert "! error H105" in said
    said = serve(tmp_path, {**environ, "ASGI_INSPECT_LINT_IGNORE": "H101"}, ["/twice"], "--no-lint").stderr
    assert "H105" not in said


def test_a_run_is_linted_unasked(tmp_path: Path, environ: dict[str, str]) -> None:
    said = serve(tmp_path, environ, ["/", "/twice", "/twice"]).stderr
    assert sum("! error H105" in line for line in said.splitlines()) == 2
    assert "GET /twice · 2 connections, the first:" in said.partition("\nerror H105")[2]
    shown = serve(tmp_path, environ, ["/twice"], "--only", "path:/").stderr
    assert "H105" not in shown  # as nothing of it is shown


@pytest.mark.parametrize("words", [["--quiet"], ["--format", "jsonl"], ["-o", "-"]], ids=lambda words: words[-1])
def test_where_nobody_looks_nothing_is_linted_unasked(
    words: list[str], tmp_path: Path, environ: dict[str, str]
) -> None:
    assert "H105" not in serve(tmp_path, environ, ["/twice"], *words).stderr
    assert "error H105" in serve(tmp_path, {**environ, "ASGI_INSPECT_LINT": "1"}, ["/twice"], *words).stderr


@pytest.mark.parametrize("variable", ["0", ""])
def test_a_run_that_is_clean_or_not_to_be_linted_says_nothing(
    variable: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    said = serve(tmp_path, {**environ, "ASGI_INSPECT_LINT": variable}, ["/twice" if variable else "/"]).stderr
    assert "H105" not in said
    assert "finding" not in said


def test_a_wrong_rule_is_said_before_anything_is_started(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.asgi-inspect.lint]\nignore = "H1055"\n')
    result = run("main:app", "--port", "0")
    assert result.returncode == 2
    assert result.stderr.startswith('asgi-inspect: there is no rule "H1055"; did you mean H105?')


LATE = """
import sys
from asgi_inspect.cli import run
from asgi_inspect.cli._judging import Judging
from asgi_inspect.cli._screen import Look, screen_on
from asgi_inspect.launch.output import Output
from asgi_inspect.trace.records import ExitRecord

def imported():
    return "asgi_inspect.lint.catalogue" in sys.modules

judging = Judging({}, "never", None, asked=False, clean=False)
look = Look(format="pretty", scope=True, body=True, color="never", utc=False)
judging.screen = screen_on(Output(2), look, None, judging.linter)
judging([])
print(imported())
judging.screen.feed(ExitRecord(proc="aaaa", at="2026-01-01T00:00:00Z"))
print(imported())
"""


def test_the_linter_is_imported_when_there_is_something_to_judge() -> None:
    said = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert said.stdout.split() == ["False", "True"]


def test_a_clean_run_says_so_where_it_was_asked(tmp_path: Path, environ: dict[str, str]) -> None:
    assert "── no findings · 2 connections" in serve(tmp_path, environ, ["/"], "--lint").stderr
    assert "no findings" not in serve(tmp_path, {**environ, "ASGI_INSPECT_LINT": "error"}, ["/"]).stderr
