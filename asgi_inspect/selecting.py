"""What `sample=`, `capture=`, `only=` and `slow_ms=` take; each wrong value is a UsageError, which says in one sentence what it takes."""

import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .errors import FilterError, UsageError

if TYPE_CHECKING:
    from .trace.filter import Filter


def parse_sample(name: str, value: Any) -> float | Callable[[Any], Any] | None:
    """A rate from 0 to 1, a function of the scope, or None for all."""
    if value is None or _is_none(value):
        return None
    if callable(value) and not is_async(value):
        require_arguments(name, value, "the scope", {})
        return cast("Callable[[Any], Any]", value)
    rate = _number(value)
    if rate is None or rate > 1:
        function = "" if isinstance(value, str) else ", a plain function of the scope"
        raise UsageError(f"{name} takes a rate from 0 to 1, such as 0.01{function}, or none; not {shown(value)}.")
    return rate


def parse_capture(name: str, value: Any) -> str | None:
    """A filter of which the scope alone decides, as it was written; None for all connections."""
    if value is None or (type(value) is str and (not value.strip() or _is_none(value))):
        return None
    if not isinstance(value, str):
        raise UsageError(f"{name} takes a filter such as 'path:/api/* -path:/health', or None; not {shown(value)}.")
    read_capture(name, value)
    return value


def read_capture(name: str, text: str) -> "Filter":
    """The filter itself."""
    from .trace.filter import parse_filter
    from .trace.terms import KINDS

    try:
        found = parse_filter(text)
    except FilterError as exc:
        raise UsageError(f"{name}: {exc}") from None
    for term in found.terms:
        if not term.kind.of_scope:
            known = [kind.name for kind in KINDS if kind.of_scope]
            near = f"request-{term.name}" if f"request-{term.name}" in known else None
            hint = f"did you mean {near}?" if near else f"it takes {', '.join(known[:-1])} and {known[-1]}."
            raise UsageError(
                f"{name} decides before anything is recorded, and {term.name} is not told by the scope alone: {hint}"
            )
    return found


def parse_only(name: str, value: Any) -> str | None:
    """`errors`, or None for all."""
    if value is None or _is_none(value):
        return None
    if type(value) is not str or value.strip().lower() != "errors":
        raise UsageError(f"{name} takes errors, or none; not {shown(value)}. A filter is for capture.")
    return "errors"


def parse_milliseconds(name: str, value: Any) -> float | None:
    """Milliseconds, or None for no bound."""
    if value is None or _is_none(value):
        return None
    number = _number(value)
    if number is None:
        raise UsageError(f"{name} takes milliseconds, such as 500, or none; not {shown(value)}.")
    return number


def _is_none(value: Any) -> bool:
    return type(value) is str and value.strip().lower() == "none"


def _number(value: Any) -> float | None:
    """A number from 0 on, also as a str."""
    if type(value) is not int and not isinstance(value, float) and type(value) is not str:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


def require_arguments(name: str, ask: Any, what: str, *arguments: Any) -> None:
    """Say now what would else be said when it is asked for the first time."""
    try:
        signature = inspect.signature(ask)
    except (TypeError, ValueError):  # one that does not tell
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        number = "two arguments" if len(arguments) == 2 else "one argument"
        raise UsageError(f"{name} takes a function of {number}, {what}; not {shown(ask)}.") from None


def is_async(function: Any) -> bool:
    """Whether it gives something to await, rather than an answer."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def shown(value: Any) -> str:
    """A wrong value as the sentence about it shows it: in one line, and not longer than that."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
