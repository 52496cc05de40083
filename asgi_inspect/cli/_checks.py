"""What `asgi-inspect doctor` says: a check is one thing that it looked at, with its verdict and a sentence."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rich.console import RenderableType

from ..render.block import Block, Row
from ..views.spans import Line

Verdict: TypeAlias = Literal["ok", "note", "problem"]
_STYLES = {"ok": "good", "note": "warning", "problem": "error"}
_HANG = 23  # columns: verdict and name stand before the sentence


class Check(NamedTuple):
    """`ok`; `note`: worth knowing; `problem`: something would break, and the sentence says what to do."""

    verdict: Verdict
    about: str
    text: str
    output: Sequence[str] = ()
    """What a process has printed that says more."""


def shown(check: Check) -> Iterator[RenderableType]:
    """The lines of a check."""
    yield row([*_head(check), (check.text, "")], _HANG)
    for line in check.output:
        yield row([(" " * _HANG, ""), (line, "quiet")], _HANG)


def row(line: Line, hang: int = 0) -> Block:
    """A line; `hang`: how far what is folded of it is indented."""
    return Block(lambda _: [Row(line, hang=hang)])


def _head(check: Check) -> Line:
    return [("  ", ""), (f"{check.verdict:<8}", _STYLES[check.verdict]), (f"{check.about:<13}", "remark")]
