"""What no specification knows: `state`, unknown keys, messages that are none. Looked through by the names of keys and the
looks of strings, as deep as a trace keeps it."""

from typing import Any, Final

from .fingerprint import blank
from .pieces import Find, clean_words, cleaned, text_of, withheld
from .redaction import Redaction
from .shapes import suspect

_DEEPEST: Final = 100
_STRINGS: Final = frozenset({"$base64", "$bytes", "$bytearray", "$memoryview", "$str", "$text", "$parts", "$truncated"})
_LEAVES: Final = frozenset({"$redacted", "$object", "$float", "$int", "$cycle"})
_NUMBERS: Final = (int, float)


def clean_nest(x: Any, redaction: Redaction, find: Find, depth: int = 0) -> Any:
    """A value of a trace without what is secret in it; the very value where that is nothing. `find`: in its strings."""
    t = type(x)
    if t is str:
        return cleaned(x, find, redaction.prints)
    if t is not dict and t is not list and t is not tuple:
        return x
    if depth > _DEEPEST:
        return blank(None, "too deep")
    if t is dict:
        tag = next(iter(x)) if len(x) == 1 else ""
        return _clean_tag(x, tag, redaction, find, depth) if tag[:1] == "$" else _clean_dict(x, redaction, find, depth)
    if len(x) > 1 and (name := text_of(x[0])) is not None and _is_secret(redaction, name, x[1]):
        return [x[0], *(withheld(one, redaction.prints, "name") for one in x[1:])]  # a header, or a pair of a `$map`
    clean = [clean_nest(one, redaction, find, depth + 1) for one in x]
    return x if all(one is other for one, other in zip(x, clean, strict=True)) else clean


def _clean_tag(x: Any, tag: str, redaction: Redaction, find: Find, depth: int) -> Any:
    content = x[tag]
    if tag in _LEAVES:
        return x
    if tag in _STRINGS:
        clean = cleaned(x, find, redaction.prints)
        if tag == "$truncated" and clean is x and type(content) is dict and type(content.get("head")) in (dict, list):
            head = clean_nest(content["head"], redaction, find, depth + 1)
            return x if head is content["head"] else {tag: {**content, "head": head}}
        return clean
    clean = clean_nest(content, redaction, find, depth + 1)  # of a `$map` the pairs, each with the name in front
    return x if clean is content else {tag: clean}


def _clean_dict(x: Any, redaction: Redaction, find: Find, depth: int) -> Any:
    changed: dict[str, Any] = {}
    for key, value in x.items():
        if _is_secret(redaction, key, value):
            clean = withheld(value, redaction.prints, "name")
        else:
            clean = clean_nest(value, redaction, find, depth + 1)
        if clean is not value:
            changed[key] = clean
    kept = {**x, **changed} if changed else x
    return with_clean_keys(kept, redaction, find)


def with_clean_keys(x: dict[str, Any], redaction: Redaction, find: Find) -> dict[str, Any]:
    """The same with keys that are secrets themselves written as marks; the very dict where there are none."""
    if not any(map(suspect, x)):
        return x
    return {clean_words(key, find(key), redaction.prints): value for key, value in x.items()}


def _is_secret(redaction: Redaction, name: str, value: Any) -> bool:
    kind = redaction.names.kind("scope", name)
    return kind == "secret" or (kind == "count" and type(value) not in _NUMBERS)
