"""What a scanner says of a chunk: which parts of it to withhold. And what scanners need to know: which names are secret."""

from typing import Final, Literal, NamedTuple, Protocol

MOST_SPANS: Final = 1000  # in one chunk; what follows is withheld as one
LONGEST_VALUE: Final = 64 << 10  # bytes: of a longer value nothing is kept, and so no fingerprint can be made
LONGEST_NAME: Final = 4096  # bytes: the value under a longer name is withheld, whatever the name says

# A `code` is secret where one of these stands beside it (RFC 6749, RFC 7636); written without `_` and `-`.
OAUTH_NAMES: Final = frozenset({"granttype", "codeverifier", "redirecturi", "clientid"})

Place = Literal["form", "json", "multipart"]
Kind = Literal["secret", "code", "count"]


class Span(NamedTuple):
    """A part of the chunk that was fed, to be withheld."""

    start: int
    end: int
    value: bytes | None  # the whole value, decoded, where it ends in this chunk and all of it was seen
    why: str


class Scanner(Protocol):
    """Fed with a body chunk by chunk, it says what to withhold of each. It never raises."""

    @property
    def over(self) -> bool:
        """Whether nothing that may come will be withheld."""
        ...

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk, in order, none over another; `last`: the body ends here."""
        ...

    def gap(self) -> None:
        """A part of the body was not seen: all is withheld from here, until it is sure where we are."""
        ...


class Names(Protocol):
    """Which names are secret."""

    harmless: set[bytes] | None  # names in JSON as they were written, found harmless; None: each must be asked for

    def kind(self, place: Place, name: str) -> Kind | None:
        """What stands under this name; None for what is no secret."""
        ...


class Found:
    """The spans of one chunk while they are collected: cut to the chunk, no more than so many."""

    __slots__ = ("_before", "_size", "spans")

    def __init__(self, before: int, size: int) -> None:
        self._before = before  # bytes that stand before the chunk, kept from the one before
        self._size = size  # of both
        self.spans: list[Span] = []

    def add(self, start: int, end: int, value: bytes | None, why: str) -> None:
        """Withhold `start:end`, counted with the bytes before the chunk."""
        start = max(start - self._before, 0)
        end -= self._before
        if start >= end:
            return
        if len(self.spans) < MOST_SPANS - 1:
            self.spans.append(Span(start, end, value, why))
        elif len(self.spans) < MOST_SPANS:
            self.spans.append(Span(start, self._size - self._before, None, "too many"))


class Withheld:
    """All of a body."""

    __slots__ = ("_why",)

    over = False

    def __init__(self, why: str) -> None:
        self._why = why

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        return [Span(0, len(chunk), None, self._why)] if chunk else []

    def gap(self) -> None:
        """It changes nothing."""


def is_oauth_name(name: str) -> bool:
    """Whether a field of this name says that a `code` beside it is one of OAuth's."""
    return name.lower().replace("_", "").replace("-", "") in OAUTH_NAMES
