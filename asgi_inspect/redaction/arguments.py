"""What is secret on a command line: it stands in the `process` record."""

import re
from collections.abc import Callable
from typing import Final

from .shapes import Found, in_order, shapes

_NAMES: Final = r"[\w-]*(?:password|passwd|passphrase|secret|token|credential|api[-_]?key|private[-_]?key)[\w-]*"
_SECRET_OPTION: Final = re.compile(rf"(--?{_NAMES})(=.*)?|({_NAMES})(=.*)", re.IGNORECASE | re.DOTALL)
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/?#\s]*(?=@)")
_HEADER: Final = re.compile(
    r"(?:authorization|cookie|[\w-]*(?:token|secret|api-key)):\s*(.+)", re.IGNORECASE | re.DOTALL
)


def clean_arguments(argv: list[str], hide: Callable[[str], str]) -> list[str]:
    """A command line without the values of options that are called like a secret, without the credentials in URLs and what
    looks like a token. `hide`: what stands in place of each."""
    kept: list[str] = []
    hide_next = False
    for argument in argv:
        match = _SECRET_OPTION.fullmatch(argument)
        if match is not None:
            kept.append(
                argument
                if match[2] is match[4] is None
                else f"{match[1] or match[3]}={hide((match[2] or match[4])[1:])}"
            )
        elif hide_next and not argument.startswith("--"):
            kept.append(hide(argument))
        else:
            kept.append(_clean(argument, hide))
        hide_next = match is not None and match[1] is not None and match[2] is None
    return kept


def _clean(argument: str, hide: Callable[[str], str]) -> str:
    found = [Found(*match.span(), "userinfo") for match in _CREDENTIALS.finditer(argument)]
    header = _HEADER.fullmatch(argument)
    found += shapes(argument) if header is None else [Found(*header.span(1), "header")]
    kept, at = [], 0
    for one in in_order(found):
        kept += [argument[at : one.start], hide(argument[one.start : one.end])]
        at = one.end
    return "".join([*kept, argument[at:]])
