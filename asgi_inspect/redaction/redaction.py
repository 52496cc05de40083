"""What is withheld, as one middleware or one command was told: the names, and the key of the fingerprints."""

from typing import Any, Final

from .fingerprint import Fingerprints
from .headers import Finder, content_encoding, content_type, finder_for, usual_finder
from .names import Either, Names

_MOST: Final = 1000  # header names, and values, that are remembered
_LONG: Final = 256  # characters of one that is worth remembering


class Redaction:
    """What is withheld, and under which key the fingerprints are made. All connections share one."""

    def __init__(self, names: Names, key: bytes) -> None:
        self.names = names
        self.prints = Fingerprints(key)
        self.usual = usual_finder(names)
        self.finders: dict[str, Finder] = {}
        """How the values of a header are looked through, by its name; see `finder`."""
        self.harmless: set[str] = set()
        """Values in which `usual` found nothing: headers come again and again."""
        self.headers: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        """The last headers of messages in which nothing was found, with their JSON."""
        self.types: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        """The same of those that say of which type a body is."""
        self.queries: set[str] = set()
        """The last query strings in which nothing was found."""
        self._stricter: dict[int, tuple[Redaction, Redaction]] = {}

    def told(self) -> dict[str, Any]:
        """What the `process` record says of it."""
        return {"key": self.prints.id, **self.names.told()}

    def stricter(self, other: "Redaction") -> "Redaction":
        """What withholds all that either of the two does, with our fingerprints."""
        if other is self or self.names.covers(other.names):
            return self
        known = self._stricter.get(id(other))
        if known is None:  # `other` is kept, so that its id stays its own
            known = other, Redaction(Either(self.names, other.names), self.prints.key)
            self._stricter[id(other)] = known
        return known[1]

    def finder(self, name: str) -> Finder:
        """How the values of a header of this name are looked through; once found, remembered in `finders`."""
        finder = finder_for(name, self.names, self.usual)
        if self.names.harmless is not None and len(self.finders) < _MOST and len(name) <= _LONG:
            self.finders[name] = finder
        return finder

    def found_harmless_header(self, pair: tuple[bytes, bytes], text: tuple[str, str], finder: Finder) -> None:
        """Remember for a while that there is nothing in this header, unless it says of what coding a body is."""
        if len(pair[0]) + len(pair[1]) > _LONG or self.names.harmless is None or finder is content_encoding:
            return
        known = self.types if finder is content_type else self.headers
        if len(known) >= _MOST:
            known.clear()
        known[pair] = text

    def found_harmless_query(self, text: str) -> None:
        """Remember for a while that there is nothing in this query string."""
        if len(text) <= _LONG and self.names.harmless is not None:
            if len(self.queries) >= _MOST:
                self.queries.clear()
            self.queries.add(text)

    def found_harmless(self, value: str) -> None:
        """Remember for a while that `usual` finds nothing in this value."""
        if len(value) <= _LONG and self.names.harmless is not None:
            if len(self.harmless) >= _MOST:
                self.harmless.clear()
            self.harmless.add(value)
