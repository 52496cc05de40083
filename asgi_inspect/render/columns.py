"""A line a connection, tabs between its fields: for cut, awk, sort, and spreadsheets.

A tab, a line break or any other control character inside a field is an escape (`\\t`, `\\n`, `\\x1b`), so that a line is
always a connection and a tab always a border.
"""

from collections.abc import Sequence
from itertools import chain

from ..text import safe
from ..trace.columns import HEADERS_SAY, KNOWN, Column
from ..trace.facts import Facts


def heading(columns: Sequence[Column]) -> str:
    """The names of the columns, as a line."""
    return _line([column.name for column in columns])


def row(columns: Sequence[Column], facts: Facts) -> str:
    """A connection, as a line."""
    return _line([column.text_of(facts) for column in columns])


def _line(fields: Sequence[str]) -> str:
    return "\t".join(map(safe, fields)) + "\n"


def listing() -> str:
    """All that `--fields` takes, a line each."""
    lines = chain(((name, known.says) for name, known in KNOWN.items()), [("header:NAME", HEADERS_SAY)])
    return "".join(f"{name:<16} {says}\n" for name, says in lines)
