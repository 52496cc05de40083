"""Which texts stand in the bodies of a connection: across the borders of chunks, and below a content coding."""

from typing import TYPE_CHECKING, Final

from .facts import Side

if TYPE_CHECKING:
    from ..views.coding import Decoder


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
        self._tails.pop(side, None)
        if content_encoding:
            from ..views.coding import decoder_for  # the libraries behind it are not needed by most

            self._decoders[side] = decoder_for(content_encoding)

    def feed(self, side: Side, chunk: bytes, *, last: bool = False) -> None:
        """The next chunk of a body. last: whether the body ends with it."""
        decoder = self._decoders.get(side)
        if decoder is None:
            self._look(side, chunk)
            return
        for piece in decoder.pieces(chunk):
            self._look(side, piece)
        if last:
            self._look(side, decoder.finish())

    def _look(self, side: Side, data: bytes) -> None:
        if side in self._tails:
            data = self._tails[side] + data
        self.feed_message(data)
        if self._carry:
            self._tails[side] = data[max(0, len(data) - self._carry) :]

    def feed_message(self, data: bytes) -> None:
        """A message that stands alone, as those of WebSockets do."""
        for text, octets in self._wanted.items():
            if octets in data:
                self.found.add(text)
