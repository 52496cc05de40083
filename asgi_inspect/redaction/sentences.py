"""What is secret in texts for people, such as the message of an exception: by looks, and behind a name as it is written there.

All are linear in the length of the text: what is behind a name is not looked at again.
"""

import re
from collections.abc import Iterator
from typing import Final

from .shapes import Found, KindOf, in_order, shapes

# `name=`, `"name":`, `'name' =>`, `\\"name\\":`, `environ['name'] =`, `Key (name)=`.
_NAMED: Final = re.compile(r"\b([A-Za-z][\w.-]{1,60}+)\\{0,15}+[\"'`]?+[\])]?+\s{0,4}+(?:=>|={1,3}+|:)\s{0,4}+")
_OPEN: Final = re.compile(r"[bBrRuUfF]{0,2}+(\\{0,15}+)(\"\"\"|'''|[\"'`])")
_STRING: Final = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.)*+(?={quote})") for quote in ('"', "'", "`")}
_BARE: Final = re.compile(r"[^\s,;&\"'<>(){}\[\]]*+")
_BRACKET: Final = re.compile(r"[()\[\]{}]")
_NO_SECRETS: Final = frozenset({"", "None", "null", "True", "False", "true", "false", "()", "[]", "{}"})

# `invalid password x`, `token 'x' expired`, `the API key is x`.
_SAID: Final = re.compile(
    r"\b((?:\w{1,60}-)?(?:api|access|private|secret|session)[ -]?(?:key|id)|[\w-]{0,60}?(?:passw(?:or)?d|passphrase|token|secret))\b"
    r"(?:\s(?:is|was|of|for|value))?\s[\"'`(]?(?P<value>[^\s\"'`,;()<>]{8,4096}+)",
    re.IGNORECASE,
)
# Pydantic names a field in the line above what was given for it.
_VALIDATED: Final = re.compile(
    r"^(?P<name>\S{1,200}+)\n[ ]++[^\n]*?\binput_value=(?P<value>[^\n]*?), input_type=", re.MULTILINE
)
# SQLAlchemy names the columns in the statement, and not beside their values.
_PARAMETERS: Final = re.compile(
    r"\[SQL: (?P<sql>[^\n]*+)(?:\n(?!\[parameters: )[^\n]*+)*+\n\[parameters: (?P<values>[^\n]*)\]"
)
_COLUMN: Final = re.compile(r"[A-Za-z_]\w{2,60}+")


def sentence(text: str, kind_of: KindOf) -> list[Found]:
    """What is secret in such a text."""
    found = [one for one in shapes(text) if one.why != "bearer" or not _is_word(text[one.start : one.end])]
    found += _named(text, kind_of)
    for match in _SAID.finditer(text):
        if _is_telling(match["value"]) and kind_of(match[1].replace(" ", "_")) == "secret":
            found.append(Found(*match.span("value"), "named"))
    if "input_value=" in text:
        for match in _VALIDATED.finditer(text):
            if kind_of(match["name"]) in ("secret", "count"):
                found.append(Found(*match.span("value"), "named"))
    if "[parameters: " in text:
        for match in _PARAMETERS.finditer(text):
            if any(kind_of(column) == "secret" for column in set(_COLUMN.findall(match["sql"]))):
                found.append(Found(*match.span("values"), "named"))
    return in_order(found)


def _named(text: str, kind_of: KindOf) -> Iterator[Found]:
    end = 0
    for match in _NAMED.finditer(text):
        if match.start() < end or (kind := kind_of(match[1])) not in ("secret", "count"):
            continue
        start, stop, end = _value(text, match.end())
        if text[start:stop] in _NO_SECRETS or (kind == "count" and text[match.end() : match.end() + 1] not in "[({'\""):
            continue
        yield Found(start, stop, "named")


def _value(text: str, pos: int) -> tuple[int, int, int]:
    """Where the value that begins at `pos` begins without its quotes, where it ends without them, and with them."""
    opened = _OPEN.match(text, pos)
    if opened is None:
        stop = _BARE.match(text, pos).end()  # type: ignore[union-attr] # it matches always
        if text[stop : stop + 1] in ("(", "[", "{"):
            stop = _behind_brackets(text, stop)
        return pos, stop, stop
    start, close = opened.end(), opened[1] + opened[2]
    string = _STRING[close].match(text, start) if close in _STRING else None
    stop = string.end() if string is not None else text.find(close, start) if close not in _STRING else -1
    if stop < 0:  # a string without an end
        line = text.find("\n", start)
        stop = len(text) if line < 0 else line
        return start, stop, stop
    return start, stop, stop + len(close)


def _behind_brackets(text: str, pos: int) -> int:
    """Behind the bracket that closes the one at `pos`; at the end of the text where there is none."""
    depth = 0
    for match in _BRACKET.finditer(text, pos):
        depth += 1 if match[0] in "([{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _is_word(text: str) -> bool:
    return len(text) < 16 and text.strip(".").isalpha()


def _is_telling(text: str) -> bool:
    """Whether it is no word of a sentence."""
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))
