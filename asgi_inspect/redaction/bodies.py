"""What is withheld of the bodies of one connection: each direction has a scanner that goes on from chunk to chunk."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from .pieces import octets_of, string_in, withheld
from .redaction import Redaction
from .scanner import message_scanner, scanner_for
from .spans import Scanner, Span

Side: TypeAlias = Literal["receive", "send"]
_SWITCHED_OFF: Final = "redactor off"


Content: TypeAlias = "tuple[str | None, str | None]"
"""What the headers say of a body: its type and its coding."""


class BodyRedaction:
    """The bodies of one connection, as one layer sees them, where a look is not enough.

    secrets: called with each value that was withheld and seen whole.
    """

    __slots__ = ("_redaction", "_scanners", "_secrets")

    def __init__(self, redaction: Redaction, secrets: Callable[[str], object]) -> None:
        self._redaction = redaction
        self._secrets = secrets
        self._scanners: dict[Side, Scanner | None] = {}

    def tighten(self, redaction: Redaction) -> None:
        """Withhold by stricter rules from now on; a body that has begun goes on as it began."""
        self._redaction = redaction

    def begin(self, side: Side) -> None:
        """A new body begins on this side."""
        self._scanners.pop(side, None)

    def has_begun(self, side: Side) -> bool:
        """Whether a body was seen on this side, with which goes on what comes."""
        return side in self._scanners

    def body(
        self, key: str, tree: Any, side: Side, *, content: Content, more: bool, is_login: Callable[[], bool]
    ) -> Any:
        """`body`, or the `bytes` or `text` of a WebSocket, of a message; `more`: of this body comes more."""
        names = self._redaction.names
        if names.off:
            return withheld(tree, self._redaction.prints, _SWITCHED_OFF)
        if key != "body":
            return self._scanned(tree, message_scanner(names, oauth=is_login()), last=True)
        if side not in self._scanners:
            self._scanners[side] = scanner_for(content[0] or None, content[1], names, oauth=is_login())
        scanner = self._scanners[side]
        if scanner is None:
            return tree
        clean = self._scanned(tree, scanner, last=not more)
        if scanner.over:
            self._scanners[side] = None
        return clean

    def _scanned(self, tree: Any, scanner: Scanner, *, last: bool) -> Any:
        if type(tree) is str:
            octets = tree.encode()
            spans = scanner.feed(octets, last)
            return self._parts(octets, spans, string_in(None)) if spans else tree
        if type(tree) is not dict or len(tree) != 1:
            return tree
        ((tag, content),) = tree.items()
        if tag == "$truncated" and type(content) is dict:
            head = self._scanned(content.get("head"), scanner, last=False)
            scanner.gap()
            return tree if head is content.get("head") else {tag: {**content, "head": head}}
        if tag == "$parts" and type(content) is list:
            kept = [self._scanned(part, scanner, last=last and part is content[-1]) for part in content]
            return tree if all(one is part for one, part in zip(kept, content, strict=True)) else {tag: _flat(kept)}
        octets_ = octets_of(tree)
        if octets_ is None:
            return tree
        spans = scanner.feed(octets_, last)
        return self._parts(octets_, spans, string_in(tag)) if spans else tree

    def _parts(self, octets: bytes, spans: list[Span], string: Callable[[str], Any]) -> Any:
        parts: list[Any] = []
        at = 0
        for span in spans:
            if at < span.start:
                parts.append(string(octets[at : span.start].decode("utf-8", "surrogateescape")))
            parts.append(self._mark(span))
            at = span.end
        if at < len(octets):
            parts.append(string(octets[at:].decode("utf-8", "surrogateescape")))
        return parts[0] if len(parts) == 1 else {"$parts": parts}

    def _mark(self, span: Span) -> Any:
        value = span.value
        fingerprint = None if value is None else self._redaction.prints.of(value)
        if value is not None:
            self._secrets(value.decode("utf-8", "replace"))
        return {"$redacted": {"size": span.end - span.start, "fingerprint": fingerprint, "why": span.why}}


def _flat(parts: list[Any]) -> list[Any]:
    """Pieces of pieces as pieces."""
    flat: list[Any] = []
    for part in parts:
        inner = part.get("$parts") if type(part) is dict and len(part) == 1 else None
        flat += inner if type(inner) is list else [part]
    return flat
