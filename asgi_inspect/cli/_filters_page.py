"""`asgi-inspect help filters` and `docs/filters.md`: both are made from the table of terms.

`python -m asgi_inspect.cli._filters_page` prints the latter.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..trace.terms import KINDS, Kind

WIDTH: Final = 80
_INDENT: Final = 2

INTRODUCTION: Final = (
    "A filter says which connections are meant. It stands on the command line with the files of show, stats, export, "
    "merge and tail, in any order: a word that has no colon, or that exists, is a file. A run takes it with --only and "
    "--ignore, which decide what is shown; the trace has everything that is recorded.",
)


def _listing(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


class Example(NamedTuple):
    """A command, and what it does."""

    command: str
    says: str


EXAMPLES: Final = (
    Example("asgi-inspect show trace.jsonl status:5xx", "server errors"),
    Example("asgi-inspect show 'path:/api/*' -method:GET,HEAD", "of the last run here, what may change something"),
    Example("asgi-inspect show slower-than:200ms since:10m", "what was slow in the last ten minutes"),
    Example("asgi-inspect show 'body:\"not found\"' --messages", "the messages that hold it, not whole connections"),
    Example("asgi-inspect stats *.jsonl.gz type:http -path:/health", "numbers without the health checks"),
    Example("asgi-inspect main:app --only 'path:/api/*' --ignore path:/api/ping", "live"),
)

SYNTAX: Final = (
    ("a b", "Terms stand between spaces, and all must hold."),
    ("a:x,y", "Commas mean or: x, or y. Of a header's values too: header:accept=json,xml."),
    ("-a:x", "A minus in front negates the term with all of its values. It also holds where nothing is known: "
             "-status:200 finds a connection that was never answered."),
    ('a:"x y"', "In double or single quotes spaces, commas and colons are plain characters; a backslash makes the one "
                "behind it plain, a * too. Mind that the shell has quotes of its own: 'body:\"not found\"'."),
    ("a:x*", "In values that are matched as a whole * stands for anything, ? for one character, [ab] for one of some."),
    ("a:400+", "Numbers, sizes and durations are compared: 400+ and >=400, 400- and <=400, >400, <400, 400-499; "
               "> and < stand in quotes, as they are the shell's."),
    ("word", "A word without a colon means text:word, where no file can be meant, as in --only; a filter that begins "
             "with a quote means this everywhere."),
)  # fmt: skip

RULES: Final = (
    "Terms, names of headers, methods, hosts, and the types of scopes and messages are compared without regard to case; "
    "everything else as it is written.",
    "body: looks at bodies as they were meant: joined over chunks, and decoded where they are compressed. text: looks "
    "for what stands in the trace, and is much faster; what the trace has as base64 it does not find.",
    "With --messages single messages are chosen. message, status, code, header, response-header, body, text, "
    "larger-than, slower-than (how long the application waited for it), since and until then look at the message, all "
    "others at its connection.",
    "A run, and InspectMiddleware in code, take one with --capture that says what is recorded at all. It is decided by the "
    f"scope alone, and so it may ask for {_listing([kind.name for kind in KINDS if kind.of_scope])}.",
    "Live, a connection is shown from its first record on, as soon as it is known to be meant: with status:5xx when its "
    "response begins, with error: when it has ended.",
)


def filters_page() -> str:
    """The page for a terminal, 80 columns wide."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "Usage: asgi-inspect show [FILE]... [FILTER]..."
    for paragraph in INTRODUCTION:
        yield ""
        yield from _wrapped(paragraph)
    yield from ("", "Examples:")
    for example in EXAMPLES:
        yield f"  {example.command}"
        yield f"      {example.says}"
    yield from ("", "How it is written:")
    yield from _listed(SYNTAX)
    yield from ("", "Terms:")
    yield from _listed([(f"{kind.name}:", *_told(kind)) for kind in KINDS])
    for paragraph in RULES:
        yield ""
        yield from _wrapped(paragraph)


def _wrapped(text: str) -> list[str]:
    indent = " " * _INDENT
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _listed(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names in a column of their own, each with its paragraphs beside it."""
    column = _INDENT + 2 + max(len(row[0]) for row in rows)
    for name, *paragraphs in rows:
        lines = [line for text in paragraphs for line in _narrow(text, WIDTH - column)]
        begin = f"{' ' * _INDENT}{name}"
        yield from (f"{'' if number else begin:{column}}{line}" for number, line in enumerate(lines))


def _narrow(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)


def _told(kind: Kind) -> tuple[str, str, str]:
    return (kind.says, f"Takes {kind.takes}.", "  ".join(kind.examples))


def filters_markdown() -> str:
    """The page for the documentation."""
    parts = ["# Filters", *INTRODUCTION, _markdown_examples(), "## How it is written"]
    parts.append(_table(("written", "means"), [(f"`{name}`", text) for name, text in SYNTAX]))
    parts.append("## Terms")
    parts.append(_table(
        ("term", "what it says", "takes", "examples"),
        [(f"`{kind.name}:`", kind.says, kind.takes, " ".join(f"`{one}`" for one in kind.examples)) for kind in KINDS],
    ))  # fmt: skip
    parts += RULES
    parts.append('In Python: `connections(path, filter="status:5xx -method:GET")`.')
    return "\n\n".join(parts) + "\n"


def _markdown_examples() -> str:
    return "\n".join(["```console", *(f"$ {one.command}   # {one.says}" for one in EXAMPLES), "```"])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(filters_markdown(), end="")
