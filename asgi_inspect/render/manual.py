"""The manual of a rule, and the list of all rules, for a person: on a terminal with painted code, in a pipe as plain text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.syntax import Syntax
from rich.text import Text

from ..lint.rule import Blamed, Rule
from ..views.spans import Line, Own, plural
from .block import Block, Row
from .findings import sentence
from .folding import fold
from .heads import joined

_FAMILIES: Final = {
    "A1": "The call of the application",
    "A2": "Every scope",
    "A3": "The scopes of HTTP and WebSocket",
    "A4": "Every message",
    "A5": "Lifetime, concurrency, middleware",
    "H1": "The order of an HTTP response",
    "H2": "The start of a response",
    "H3": "Bodies and their lengths",
    "H4": "Requests and disconnects",
    "H5": "Clients that have left",
    "H9": "What HTTP itself forbids",
    "W1": "The order of a WebSocket",
    "W2": "Accepting a WebSocket",
    "W3": "What a WebSocket carries",
    "W4": "Closing a WebSocket",
    "W5": "Refusing a WebSocket with a response",
    "L1": "Lifespan: the server",
    "L2": "Lifespan: the server's state",
    "L3": "Lifespan: the application",
    "X1": "Extensions",
    "X2": "TLS",
    "X3": "Push",
    "X4": "Zero copy send",
    "X5": "Path send",
    "X6": "Early hints",
    "X7": "Trailers",
    "X8": "Debug information",
}
_NAMES: Final = {
    "scope": "the scope that the server passes to the application; `http_scope` and the like, of `asgi_inspect.testing`, make "
    "whole legal ones with the changes that they are given",
    "received": "what `receive()` gives to it, in this order",
    "calls": "several connections, one after the other: of each the scope (`http_scope()` and the like, of "
    "`asgi_inspect.testing`, make whole legal ones), what `receive()` gives (None: what a good server does), and the message "
    "with which it begins, where it does not wait for the end of the one before",
    "server": "what the server puts around the application",
}
"""What an example may define beside an application."""
_NAME: Final = re.compile(rf"^(?:async def |def )?({'|'.join(_NAMES)})\b", re.MULTILINE)
_STYLES: Final = {"error": "error", "warning": "warning", "info": "info"}
_WHOSE: Final[dict[Blamed, str]] = {
    "application": "the application's fault",
    "server": "the server's fault",
    "sender": "the fault of whoever sends",
    "middleware": "a middleware's fault",
}


def manual_page(rule: Rule) -> Iterator[RenderableType]:
    """All that is known of a rule."""
    manual = rule.manual
    yield _block(_head(rule))
    yield from _section("What it does", _paragraphs(manual.what))
    yield from _section("Why it matters", _paragraphs(manual.why))
    yield from _section("Fix", _paragraphs(manual.fix))
    yield from _section("Bad", _examples(manual.bad))
    yield from _section("Good", _examples(manual.good))
    if names := _played(*manual.bad, *manual.good):
        yield from _section("In these examples", [_folded([([("  ", ""), *sentence(text)], 2)]) for text in names])
    title: Line = [("  ", ""), (rule.section.title, "")]
    yield from _section(
        "Specification", [_block([Row(title, hang=2), Row([("  ", ""), (rule.section.url, "")], hang=2)])]
    )


def _played(*examples: str) -> list[str]:
    """What those names are that an example defines beside an application."""
    defined = {name for example in examples for name in _NAME.findall(example)}
    return [f"`{name}` is {meaning}." for name, meaning in _NAMES.items() if name in defined]


def rules_table(rules: Sequence[Rule]) -> Iterator[Block]:
    """A line for each rule, by family."""
    for letters, family in groupby(rules, key=lambda rule: rule.code[:2]):
        members = list(family)
        title: Line = [
            (_FAMILIES.get(letters, letters), "section"),
            (Own(" · "), "quiet"),
            (plural(len(members), "rule"), "quiet"),
        ]
        yield _block([Row(title), *map(_table_row, members), Row([])])
    off = sum(not rule.about.default for rule in rules)
    said: Line = [(plural(len(rules), "rule"), "quiet")]
    if off:
        said += [(f", {off} of them asked only when selected (off)", "quiet")]
    yield _block(
        [Row([(Own("── "), "quiet"), *said, ("; asgi-inspect explain CODE says more of one", "quiet")], hang=3)]
    )


def _table_row(rule: Rule) -> Row:
    line: Line = [
        ("  ", ""),
        (f"{rule.code:5}", "section"),
        (f"{rule.severity:8}", _STYLES[rule.severity]),
        (f"{rule.about.party:12}", ""),
        ("    " if rule.about.default else "off ", "quiet"),
        (rule.name, ""),
    ]
    return Row(line, hang=31)


def _head(rule: Rule) -> list[Row]:
    about = rule.about
    said = [rule.severity, _WHOSE[about.party]]
    said += [] if about.default else ["off by default"]
    said += ["told once for each process"] if about.once else []
    said += [f"since version {about.since}"] if about.since else []
    said += [f"extension {about.extension}"] if about.extension else []
    styles = [_STYLES[rule.severity], *["quiet"] * (len(said) - 1)]
    return [
        Row([(rule.code, "section"), (" ", ""), (rule.name, "section")]),
        Row(joined([[(text, style)] for text, style in zip(said, styles, strict=True)])),
        Row([]),
    ]


def _section(title: str, blocks: Iterable[RenderableType]) -> Iterator[RenderableType]:
    yield _block([Row([(title, "section")])])
    yield from blocks
    yield _block([Row([])])


def _paragraphs(text: str) -> Iterator[Block]:
    """The text, each paragraph as one line that is folded where it is shown; what is a list or indented stays in lines."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        lines = paragraph.split("\n")
        if not any(line.startswith((" ", "- ", "* ")) for line in lines):
            lines = [" ".join(lines)]
        prose: list[tuple[Line, int]] = [([], 0)] if number else []
        prose += [([("  ", ""), *sentence(line)], 4 if line.startswith(("- ", "* ")) else 2) for line in lines]
        yield _folded(prose)


def _examples(codes: Sequence[str]) -> Iterator[RenderableType]:
    for number, code in enumerate(codes):
        if number:
            yield _block([Row([])])
        yield _Code(code)


class _Code:
    """Python, in colours where there are any."""

    def __init__(self, code: str) -> None:
        self._code = code.strip("\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if console.color_system is None:
            yield _block([Row([("    ", ""), (line, "")] if line else [], hang=6) for line in self._code.split("\n")])
            return
        painted = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(self._code)
        for line in painted.split("\n"):
            yield Text("    ").append_text(line)


def _folded(prose: Sequence[tuple[Line, int]]) -> Block:
    """Lines that are folded in a pipe as well: nobody looks for anything in a manual line by line."""
    return Block(lambda width: [Row(piece) for line, hang in prose for piece in fold(line, width, hang)])


def _block(rows: Sequence[Row]) -> Block:
    return Block(lambda _: rows)
