r"""Quotes of JSON inside of JSON: how deep a quote stands is told by the backslashes before it.

A string of the outer document ends at a quote with none (or an even number: each pair is a backslash of the text). One level
deeper a quote is written `\"`, two levels `\\\"`, so 2**level - 1 of them, and the level is the number of ones at the end of
the number of backslashes, in binary. Some write the inner quote `\u0022`; it counts as a quote with these backslashes.
"""

import re
from typing import Final

HEXADECIMAL: Final = b"u0022"
_BACKSLASH: Final = 92
_MANY: Final = 64
_RUN: Final = b"\\" * _MANY
_PARTS: Final = (b"u002", b"u00", b"u0", b"u")
_QUOTE: Final = {quote: re.compile(re.escape(bytes([quote])) + rb"|u0022") for quote in b"\"'`"}
_ESCAPE: Final = re.compile(
    rb"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)",
    re.DOTALL,
)
_SHORT: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


def backslashes(data: bytes, low: int, end: int) -> int:
    """How many backslashes stand right before `end`, not looking below `low`."""
    at = end
    while at - _MANY >= low and data[at - _MANY : at] == _RUN:
        at -= _MANY
    while at > low and data[at - 1] == _BACKSLASH:
        at -= 1
    return end - at


def level_of(count: int) -> int:
    """How deep a quote with so many backslashes before it stands."""
    return (~count & (count + 1)).bit_length() - 1


def length_before(level: int) -> int:
    """How many backslashes belong to a quote of this level."""
    return (1 << level) - 1


def next_quote(data: bytes, low: int, pos: int, deepest: int, quote: int) -> tuple[int, int, int] | None:
    """The next quote that stands no deeper than `deepest`: its level, where it begins (backslashes included), and its end.

    low: where what may be backslashes of a quote at `pos` begins.
    """
    if deepest == 0:
        return _next_outer(data, low, pos, quote)
    for found in _QUOTE[quote].finditer(data, pos):
        level = level_of(backslashes(data, low, found.start()))
        if level <= deepest and (level or found.end() - found.start() == 1):
            return level, found.start() - length_before(level), found.end()
    return None


def _next_outer(data: bytes, low: int, pos: int, quote: int) -> tuple[int, int, int] | None:
    at = data.find(quote, pos)
    while at >= 0:
        if data[at - 1] != _BACKSLASH or at == low or backslashes(data, low, at) % 2 == 0:
            return 0, at, at + 1
        at = data.find(quote, at + 1)
    return None


def opening(data: bytes, low: int, stop: int, level: int, quote: int) -> tuple[int, bool]:
    """Where the string begins that ends at `stop`, and whether a quote of just this level stands there."""
    at = data.rfind(quote, low, stop)
    if at >= 0 and not level and (at == low or data[at - 1] != _BACKSLASH):
        return at + 1, True
    pos = stop
    while True:
        at, size = data.rfind(quote, low, pos), 1
        hexadecimal = data.rfind(HEXADECIMAL, max(at, low), pos) if level else -1
        if hexadecimal >= 0:
            at, size = hexadecimal, len(HEXADECIMAL)
        if at < 0:
            return low, False
        here = level_of(backslashes(data, low, at))
        if here <= level and (here or size == 1):
            return at + size, here == level
        pos = at


def open_end(data: bytes, low: int) -> int:
    r"""Where the end begins that may be part of an escape or a quote that the next chunk finishes (`\`, `\u00`).

    Of a long run of backslashes only the end is taken: which bits its number has at the end is all that counts.
    """
    end = len(data)
    for part in _PARTS:
        if data.endswith(part) and end - len(part) > low and data[end - len(part) - 1] == _BACKSLASH:
            end -= len(part)
            break
    count = backslashes(data, low, end)
    if count == 0:
        return len(data)
    return end - (count if count < 2 * _MANY else _MANY + count % _MANY)


def unescaped(text: bytes, times: int = 1) -> bytes:
    """What is between the quotes, its escapes decoded, so many levels of them; what is no escape stays."""
    for _ in range(times):
        if b"\\" not in text:
            break
        text = _ESCAPE.sub(_decoded, text)
    return text


def _decoded(found: re.Match[bytes]) -> bytes:
    high, low, code, short, other = found.groups()
    if other is not None:
        return _SHORT.get(other, other)
    if high is not None:
        point = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
    else:
        point = int(code or short, 16)
    return chr(point).encode("utf-8", "surrogatepass")
