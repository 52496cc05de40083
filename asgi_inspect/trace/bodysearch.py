"""Which texts stand in the bodies of a connection: across the borders of chunks, and below a content coding."""

from typing import Final

from ..views.coding import Decoder, decoder_for
from .facts import Side


class BodySearch:
    """Looks for texts in what passes, chunk by chunk; keeps no more of it than the longest of them."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.found: Final[set[str]] = set()
        self._wanted = {text: text.encode("utf-8", "surrogatepass") for text in texts}
        self._carry = max(map(len, self._wanted.values()), default=1) - 1
        self._tails: dict[Side, bytes] = {}
        self._decoders: dict[Side, Decoder | None] = {}

    def begin(self, side: Side, content_encoding: str | None) -> None:
        """The body of this side begins, coded as its headers say."""
        self._decoders[side] = decoder_for(content_encoding)
        self._tails.pop(side, None)

    def feed(self, side: Side, chunk: bytes) -> None:
        """The next chunk of a body."""
        decoder = self._decoders.get(side)
        data = self._tails.get(side, b"") + (chunk if decoder is None else decoder.feed(chunk))
        self.feed_message(data)
        self._tails[side] = data[max(0, len(data) - self._carry) :] if self._carry else b""

    def feed_message(self, data: bytes) -> None:
        """A message that stands alone, as those of WebSockets do."""
        for text, octets in self._wanted.items():
            if octets in data:
                self.found.add(text)
