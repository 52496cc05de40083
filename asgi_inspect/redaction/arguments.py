"""What is secret on a command line: it stands in the `process` record."""

import re
from collections.abc import Callable
from typing import Final

from .names import Names
from .sentences import sentence
from .shapes import Found, in_order, shapes

_OPTION: Final = re.compile(r"(--?)?(\w[\w.\-]*)(?:=(.*))?", re.DOTALL)
_HEADER: Final = re.compile(r"(?:-\w)?([\w\-]+):\s*(.+)", re.DOTALL)
_LOGIN: Final = re.compile(r"(?:-u|--user|--proxy-user)(?:=.*)?")  # of clients: `name:password`
_PASSWORD: Final = re.compile(r"[^:/]*:(.+)", re.DOTALL)
_NAMES: Final = Names()


def clean_arguments(argv: list[str], hide: Callable[[str], str]) -> list[str]:
    """A command line without the values of options that are called like a secret, without the credentials in URLs and what
    looks like a token. `hide`: what stands in place of each."""
    kept: list[str] = []
    before = ""
    for argument in argv:
        found = [Found(0, len(argument), "option")] if _is_value(argument, before) else _secrets(argument, before)
        before = argument
        kept.append(_without(argument, found, hide))
    return kept


def _is_value(argument: str, before: str) -> bool:
    """Whether it is the value of the option in front of it, called like a secret."""
    option = _OPTION.fullmatch(before)
    return (
        option is not None
        and option[1] is not None
        and option[3] is None
        and _is_secret(option[2])
        and not argument.startswith("--")
    )


def _is_secret(name: str) -> bool:
    return _NAMES.kind("query", name) == "secret"


def _secrets(argument: str, before: str) -> list[Found]:
    option, header = _OPTION.fullmatch(argument), _HEADER.fullmatch(argument)
    if option is not None and option[3] is not None and "://" not in option[3] and _is_secret(option[2]):
        return [Found(*option.span(3), "option")]
    if header is not None and _NAMES.kind("header", header[1]) == "secret":
        return [Found(*header.span(2), "header")]
    login = _PASSWORD.fullmatch(argument) if _LOGIN.fullmatch(before) else None
    found = [] if login is None else [Found(*login.span(1), "login")]
    return in_order([*found, *shapes(argument), *sentence(argument, lambda name: _NAMES.kind("query", name))])


def _without(argument: str, found: list[Found], hide: Callable[[str], str]) -> str:
    kept, at = [], 0
    for one in found:
        kept += [argument[at : one.start], hide(argument[one.start : one.end])]
        at = one.end
    return "".join([*kept, argument[at:]])
