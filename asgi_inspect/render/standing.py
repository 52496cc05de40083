"""How a connection went or goes, in six columns: its status, or what stands for one where there is none."""

from typing import Final

from ..trace.facts import Facts
from ..views.layout import integer_text
from ..views.spans import Line
from .heads import NORMAL_CLOSES, status_style

_LONGEST_CODE: Final = 20


def standing(facts: Facts) -> Line:
    """`200`; `500 !` where more went wrong than the status says; `raised`, `cancel`, `left`, `none` without a status."""
    if facts.type == "websocket" and facts.status is None:
        return _of_websocket(facts)
    if facts.type not in ("http", "websocket"):
        return _of_another(facts)
    word, style = _fault(facts)
    if facts.status is None:
        return [(word, style)]
    line: Line = [(integer_text(facts.status)[:_LONGEST_CODE], status_style(facts.status))]
    return [*line, (" !", style)] if style in ("warning", "error") else line


def _fault(facts: Facts) -> tuple[str, str]:
    """What went wrong, and how bad it is."""
    if facts.outcome == "raised":
        return "raised", "error"
    if facts.disconnected:
        return "left", "warning"
    if facts.outcome == "cancelled":
        return "cancel", "warning"
    if facts.outcome == "open":
        return "", ""  # which the duration says
    if not facts.complete and facts.type == "http":
        return "none", "error"
    return "", ""


def _of_websocket(facts: Facts) -> Line:
    """The close code; of one that was refused before it was accepted, that."""
    if facts.closed_by is None or facts.outcome == "raised":
        return [_fault(facts)] if facts.outcome != "returned" else [("none", "warning")]
    if not facts.accepted and facts.closed_by == "application":
        return [("denied", "warning")]
    code = "closed" if facts.close_code is None else integer_text(facts.close_code)[:_LONGEST_CODE]
    return [(code, "good" if facts.close_code in NORMAL_CLOSES else "warning")]


def _of_another(facts: Facts) -> Line:
    """Of a lifespan: one that raises at once says in the legal way that it is not supported."""
    if facts.type == "lifespan" and facts.outcome == "raised" and not facts.received and not facts.sent:
        return [("none", "quiet")]
    return [_fault(facts)]
