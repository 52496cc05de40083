"""Strings as they stand in a trace, with parts of them withheld.

A string of a trace is a JSON string, or a tag that holds one (`$base64`, `$bytes`, `$str` …), whole or as the `head` of a
`$truncated`; where parts of it are withheld already it is a `$parts`. Here each of them is one text; what was withheld before
is one character in it that no string of a trace can have, and stays withheld as it is.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from .fingerprint import Fingerprints, blank, in_words
from .shapes import Found

Find = Callable[[str], list[Found]]

_GONE: Final = "\ud800"  # what was withheld before; a JSON string of a trace has no lone surrogates
_STRINGS: Final = frozenset(
    ("$base64", "$bytes", "$bytearray", "$memoryview", "$str", "$text", "$parts", "$truncated", "$redacted")
)
_LARGE: Final = 4096  # characters of base64 that are looked at as text
_INSIDE: Final = ("$bytes", "$bytearray", "$memoryview", "$str", "$text")


def octets_of(tree: Any) -> bytes | None:
    """The bytes of a string of a trace (of a str: its UTF-8); None for what is none, or not whole."""
    if type(tree) is str:
        return tree.encode("utf-8", "surrogatepass")
    if type(tree) is dict and len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag == "$base64" and type(content) is str:
            try:
                return base64.b64decode(content, validate=True)
            except (binascii.Error, ValueError):
                return None
        if tag in _INSIDE:
            return octets_of(content)
    return None


def text_of(tree: Any) -> str | None:
    """A string of a trace as text, with bytes that are no UTF-8 as surrogates; None for what is none, or not whole."""
    if type(tree) is str:
        return tree
    octets = octets_of(tree)
    return None if octets is None else octets.decode("utf-8", "surrogateescape")


def is_string(tree: Any) -> bool:
    """Whether this stands for a string, of which parts may be missing."""
    if type(tree) is dict and len(tree) == 1:
        return next(iter(tree)) in _STRINGS
    return type(tree) is str


def as_string(octets: bytes) -> Any:
    """Bytes as they stand in a byte position."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return {"$base64": base64.b64encode(octets).decode("ascii")}


def is_large_and_binary(x: dict[str, Any]) -> bool:
    """Whether it is bytes that are no text, and so many that to look at them as text would take long."""
    cut = x.get("$truncated")
    octets = (cut["head"] if type(cut) is dict and type(cut.get("head")) is dict else x).get("$base64")
    return type(octets) is str and len(octets) > _LARGE


def string_in(tag: str | None) -> Callable[[str], Any]:
    """How a piece of a string is written that stood in this tag; None: in none."""
    if tag in ("$str", "$text"):
        return lambda piece: {tag: piece}
    return _from_escaped


def withheld(tree: Any, prints: Fingerprints, why: str) -> Any:
    """A value of a trace, of any kind, withheld whole; what is empty stays."""
    if type(tree) is dict and len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag == "$redacted":
            return tree
        if tag == "$parts" and type(content) is list:
            return {"$parts": [withheld(part, prints, why) for part in content]}
        if tag == "$truncated" and type(content) is dict and "head" in content:
            return {"$truncated": {**content, "head": _without_print(content["head"], why)}}
    octets = octets_of(tree)
    if octets is None:
        return tree if tree is None or type(tree) is bool else blank(None, why)
    return prints.mark(octets, why) if octets else tree


def _without_print(head: Any, why: str) -> Any:
    """The beginning of a value, withheld: as it is not the whole, it has no fingerprint."""
    octets = octets_of(head)
    if octets is None:
        return head if head is None else blank(None, why)
    return blank(len(octets), why) if octets else head


def cleaned(tree: Any, find: Find, prints: Fingerprints, secrets: Callable[[str], object] | None = None) -> Any:
    """A string of a trace without what `find` finds in its text; the very `tree` where that is nothing.

    secrets: called with each whole value that is withheld.
    """
    if type(tree) is str:
        found = find(tree)
        return in_parts(tree, found, prints, secrets) if found else tree
    if type(tree) is not dict or len(tree) != 1:
        return tree
    ((tag, content),) = tree.items()
    if tag == "$truncated" and type(content) is dict and "head" in content:
        head = cleaned(content["head"], find, prints)
        return tree if head is content["head"] else {"$truncated": {**content, "head": head}}
    if tag == "$parts" and type(content) is list:
        return _cleaned_parts(tree, content, find, prints, secrets)
    text = text_of(tree)
    if text is None:
        return tree
    found = find(text)
    if not found:
        return tree
    return _parts(text, [], found, prints, secrets, string=string_in(tag))


def in_parts(
    text: str, found: list[Found], prints: Fingerprints, secrets: Callable[[str], object] | None = None
) -> Any:
    """A plain string without what was found in it."""
    mark = prints.mark
    parts: list[Any] = []
    at = 0
    for start, end, why in found:
        if at < start:
            parts.append(text[at:start])
        if start < end:
            hidden = text[start:end]
            parts.append(mark(hidden.encode("utf-8", "surrogateescape"), why))
            if secrets is not None:
                secrets(hidden)
        at = end
    if at < len(text):
        parts.append(text[at:])
    return parts[0] if len(parts) == 1 else {"$parts": parts}


def _cleaned_parts(
    tree: Any, parts: list[Any], find: Find, prints: Fingerprints, secrets: Callable[[str], object] | None
) -> Any:
    texts, gone, tag = [], [], None
    for part in parts:
        text = text_of(part)
        if text is None:
            gone.append(part)
        elif type(part) is dict:
            tag = next(iter(part))
        texts.append(_GONE if text is None else text)
    text = "".join(texts)
    found = [one for one in find(text) if text[one.start : one.end].strip(_GONE)]
    return _parts(text, gone, found, prints, secrets, string=string_in(tag)) if found else tree


def _from_escaped(piece: str) -> Any:
    return as_string(piece.encode("utf-8", "surrogateescape"))


def clean_words(text: str, found: list[Found], prints: Fingerprints) -> str:
    """The same where there can be nothing but text: with marks in words."""
    if not found:
        return text
    kept, at = [], 0
    for one in found:
        kept += [text[at : one.start], in_words(text[one.start : one.end], prints)]
        at = one.end
    return "".join([*kept, text[at:]])


def _parts(
    text: str,
    gone: list[Any],
    found: list[Found],
    prints: Fingerprints,
    secrets: Callable[[str], object] | None,
    *,
    string: Callable[[str], Any],
) -> Any:
    """The text as a `$parts`, or as a single mark where nothing is left of it."""
    left = iter(gone)
    parts: list[Any] = []
    at = 0

    def keep(piece: str) -> None:
        for index, kept in enumerate(piece.split(_GONE) if gone else [piece]):
            if index:
                parts.append(next(left))
            if kept:
                parts.append(string(kept))

    def hide(piece: str, why: str) -> None:
        for index, hidden in enumerate(piece.split(_GONE) if gone else [piece]):
            if index:
                parts.append(next(left))
            if hidden:
                parts.append(prints.mark(hidden.encode("utf-8", "surrogateescape"), why))
                if secrets is not None:
                    secrets(hidden)

    for one in found:
        keep(text[at : one.start])
        hide(text[one.start : one.end], one.why)
        at = one.end
    keep(text[at:])
    return parts[0] if len(parts) == 1 else {"$parts": parts}
