"""What is withheld of the bodies of one connection: each direction has a scanner that goes on from chunk to chunk."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from .pieces import octets_of, string_in, withheld
from .redaction import Redaction
from .scanner import message_scanner, scanner_for
from .spans import Scanner, Span

Side: TypeAlias = Literal["receive", "send"]
_SWITCHED_OFF: Final = "redactor off"


class BodyRedaction:
    """The bodies of one connection, as one layer sees them.

    secrets: called with each value that was withheld and seen whole.
    """

    __slots__ = ("_content", "_redaction", "_scanners", "_secrets")

    def __init__(self, redaction: Redaction, secrets: Callable[[str], object]) -> None:
        self._redaction = redaction
        self._secrets = secrets
        self._content: dict[str, tuple[str | None, str | None]] = {}
        self._scanners: dict[str, Scanner | None] = {}

    def headers(self, side: str, content_type: str | None, content_encoding: str | None) -> None:
        """The body that follows on this side is of this type and coding."""
        self._content[side] = (content_type or None, content_encoding)
        self._scanners.pop(side, None)

    def body(self, key: str, tree: Any, side: str, message: dict[str, Any], is_login: Callable[[], bool]) -> Any:
        """`body`, or the `bytes` or `text` of a WebSocket, of a message."""
        if tree == "":
            return tree
        if self._redaction.names.off:
            return withheld(tree, self._redaction.prints, _SWITCHED_OFF)
        if key != "body":
            scanner: Scanner | None = message_scanner(self._redaction.names, oauth=is_login())
            return self._scanned(tree, scanner, last=True)
        if side not in self._scanners:
            content_type, coding = self._content.get(side, (None, None))
            self._scanners[side] = scanner_for(content_type, coding, self._redaction.names, oauth=is_login())
        return self._scanned(tree, self._scanners[side], last=not message.get("more_body"))

    def _scanned(self, tree: Any, scanner: Scanner | None, *, last: bool) -> Any:
        if scanner is None:
            return tree
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
