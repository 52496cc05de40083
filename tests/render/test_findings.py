"""Findings on a screen: whole on a page, below their message in a conversation, and nothing foreign among our words."""

import io
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.finding import PARTIES, Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.render import Format, ViewOptions, make_view
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.render.findings import finding_block, findings_page, look_command, totals, whose
from asgi_inspect.render.linted import LintedView
from asgi_inspect.trace.records import EndRecord, Record, ScopeRecord, SendRecord
from tests.stage import http_scope

AT = "2026-01-02T03:04:05.000000Z"
PLAIN = Finding(
    code="H105",
    name="start-after-complete",
    severity="error",
    party="application",
    where="GET /items/{id}",
    sentence="The application starts a response with `status` 500.",
    fix="Return once it is complete.",
    link="https://asgi.readthedocs.io/",
    conn="aaaa.17",
    records=(2, 3),
)


def found(**changes: Any) -> Finding:
    return msgspec.structs.replace(PLAIN, **changes)


def text_of(renderables: Iterable[Any], width: int | None = 80, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Printer(make_console(stream, "never", {}, width), lambda text: None).render(renderables)


def page(*findings: Finding, look: str | None = "asgi-inspect show t.jsonl --conn {conn}", width: int = 80) -> str:
    return text_of(findings_page(findings, look), width)


def test_a_finding_in_eighty_columns() -> None:
    assert page(PLAIN) == (
        "error H105 start-after-complete · by the application\n"
        "  GET /items/{id}\n"
        "    The application starts a response with `status` 500.\n"
        "    records 2, 3 · asgi-inspect show t.jsonl --conn aaaa.17\n"
        "  fix   Return once it is complete.\n"
        "  rule  asgi-inspect explain H105\n"
        "        https://asgi.readthedocs.io/\n"
        "\n"
    )


def test_the_places_of_one_fault_stand_below_one_head_and_the_worst_fault_first() -> None:
    said = page(
        found(code="A301", severity="info"),
        found(where="GET /a", count=2),
        found(code="H101", severity="warning", records=()),
        found(where="GET /b", count=1_234, records=tuple(range(1, 20))),
        found(party="server"),
    )
    heads = [line for line in said.splitlines() if line[:1].strip()]
    assert heads == [
        "error H105 start-after-complete · by the application",
        "error H105 start-after-complete · by the server",
        "warning H101 start-after-complete · by the application",
        "info A301 start-after-complete · by the application",
    ]
    first = said.split("\n\n")[0].splitlines()
    assert [line for line in first if line.startswith("  GET")] == [
        "  GET /b · 1,234 connections, the first:",
        "  GET /a · 2 connections, the first:",
    ]
    assert "records 1, 2, 3, 4, 5, 6 and 13 more" in first[3]
    assert "    its scope" in said


def test_of_very_many_places_the_most_frequent_are_shown() -> None:
    said = page(*(found(where=f"GET /{number}", count=number) for number in range(1, 31)))
    assert said.count("  GET /") == 10
    assert "GET /30 ·" in said
    assert "  and 20 more places, which --format json has" in said


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_every_line_fits(width: int) -> None:
    said = page(found(sentence="word " * 100, where="GET /" + "x" * 500, fix="do " * 60), width=width)
    assert max(map(len, said.splitlines())) <= width


@pytest.mark.parametrize("party", PARTIES)
def test_whose_fault_it_is(party: Any) -> None:
    assert (
        whose(found(party=party, layer_name="gzip"))
        == {
            "application": "by the application gzip",
            "server": "by the server",
            "upstream": "by the server, or a middleware around",
            "middleware": "by the middleware gzip",
        }[party]
    )


def test_nothing_foreign_acts_and_no_foreign_id_becomes_a_command() -> None:
    evil = "\x1b[31m\u202e\r\n\x07"
    hostile = found(where=evil, sentence=f"`{evil}`" * 2000, layer_name=evil, conn="a; rm -rf ~", link=evil, key=evil)
    said = page(hostile) + page(msgspec.structs.replace(hostile, party="middleware"))
    assert not set(said) & set("\x1b\u202e\r\x07")
    assert "rm -rf" not in said
    assert len(said) < 10_000
    assert page(PLAIN, look=None).count("connection aaaa.17") == 1


def test_a_terminal_without_our_glyphs() -> None:
    said = text_of([finding_block(PLAIN)], encoding="ascii")
    assert said.isascii()
    assert "by the application" in said


def test_the_command_that_shows_it() -> None:
    assert look_command([]) == "asgi-inspect show --conn {conn}"
    assert look_command(["a b.jsonl"]) == "asgi-inspect show 'a b.jsonl' --conn {conn}"
    look, other = look_command(["a b.jsonl", "c"]), found(conn="bbbb.2", where="GET /b")
    said = text_of(findings_page([PLAIN, other], look, {"aaaa.17": "a b.jsonl"}))
    assert "asgi-inspect show 'a b.jsonl' --conn aaaa.17" in said
    assert "connection bbbb.2" in said


def test_the_totals() -> None:
    line = totals([PLAIN, found(severity="warning"), found(severity="warning"), found(severity="info")])
    assert "".join(text for text, _ in line) == "1 error · 2 warnings · 1 of level info"


# --- in a conversation ---

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"tea"}


def twice(conn: str, path: str = "/") -> list[Record]:
    """A connection in which the application starts a second response."""
    sent = [
        SendRecord(conn=conn, n=n, t_us=n, message=message) for n, message in enumerate((START, BODY, START, BODY), 1)
    ]
    scope = ScopeRecord(conn=conn, at=AT, scope=http_scope(path=path, raw_path=path.encode()))
    return [scope, *sent, EndRecord(conn=conn, n=5, t_us=9, outcome="returned")]


def conversation(format: Format, *records: Record) -> tuple[list[str], LintedView]:
    linter = Linter(Choice.read("H1,H3"))
    view = LintedView(make_view(format, ViewOptions(show_scope=False, utc=True)), lambda: linter)
    lines = [line for record in records for line in text_of(view.feed(record), 100).splitlines()]
    lines += text_of(view.finish(), 100).splitlines()
    return lines, view


def test_a_finding_stands_below_its_message_whole_for_the_first_time() -> None:
    lines, view = conversation("pretty", *twice("aaaa.1"), *twice("aaaa.2"), *twice("aaaa.3", "/other"))
    heads = [number for number, line in enumerate(lines) if "! error H105 start-after-complete" in line]
    assert [lines[number][:8] for number in heads] == ["#1   ! e", "#2   ! e", "#3   ! e"]
    assert all("http.response.start" in lines[number - 1] for number in heads)
    told = ["The application starts a response" in lines[number + 1] for number in heads]
    assert told == [True, False, True]
    sentence, rest, fix = lines[heads[0] + 1 : heads[0] + 4]
    assert sentence.startswith("#1         The application")
    assert rest.startswith("#1         ")  # what is folded stands below, without a gutter's line
    assert fix.startswith("#1         fix ")
    assert view.linter is not None
    assert [(one.where, one.count) for one in view.linter.findings] == [("GET /", 2), ("GET /other", 1)]
    assert view.connections == 3


def test_the_same_rule_at_another_level_is_told_whole() -> None:
    many = [{"type": "http.response.body", "body": b"x", "more_body": True}] * 3
    head = {**http_scope(), "method": "HEAD"}
    records: list[Record] = []
    for conn, bodies in (("aaaa.1", [{**BODY, "body": b"x"}]), ("aaaa.2", [*many, BODY])):
        messages = enumerate([START, *bodies], 1)
        records.append(ScopeRecord(conn=conn, at=AT, scope=head))
        records += [SendRecord(conn=conn, n=n, t_us=n, message=message) for n, message in messages]
    lines, _ = conversation("pretty", *records)
    told = [line.split("! ")[1].split()[:2] for line in lines if "! " in line and "H306" in line]
    assert told == [["info", "H306"], ["warning", "H306"]]
    assert sum(" fix " in line for line in lines) == 2


def test_in_the_compact_view_it_is_one_line() -> None:
    lines, _ = conversation("compact", *twice("aaaa.1"))
    (said,) = (line for line in lines if "H105" in line)
    assert said.startswith(" " * 13 + "#1   ! H105 start-after-complete The application starts a response")
    assert len(said) <= 100


def test_what_a_view_leaves_out_makes_no_finding() -> None:
    first, second = twice("aaaa.1"), twice("aaaa.2")
    linter = Linter(Choice.read("H1"))
    view = LintedView(make_view("compact", ViewOptions()), lambda: linter)
    for record in first[:2]:
        view.feed(record)
    view.jump()
    for record in (*first[3:], *second[3:]):
        view.feed(record)
    view.finish()
    assert view.jumped
    assert linter.findings == []


def test_a_linter_that_fails_is_said_once_and_the_view_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(record: Record) -> list[Finding]:
        raise TypeError("ours")

    linter = Linter()
    monkeypatch.setattr(linter, "feed", fail)
    view = LintedView(make_view("compact", ViewOptions()), lambda: linter)
    lines = [line for record in twice("aaaa.1") for line in text_of(view.feed(record), 100).splitlines()]
    assert len(lines) == 7
    assert [line for line in lines if "the linter failed" in line] == [
        "── the linter failed (TypeError): there may be more to find"
    ]
