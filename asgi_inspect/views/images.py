"""An image: its kind and its dimensions, from its first bytes. Of an SVG, which is text, the source stands below."""

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final

from .content import media_type
from .spans import Body, Room, Shown
from .text import view as text_view

_SEARCHED: Final = 1 << 16  # bytes in which a header may lie
_MOST_SEGMENTS: Final = 1000  # of a JPEG, before its size
_PNG_COLORS: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey and alpha", 6: "RGBA"}
_HEIF: Final = {b"avif": "AVIF", b"avis": "AVIF, animated", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}
_SVG: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?>(?:<!--.{0,2000}?-->\s*|<!DOCTYPE svg[^>]*>\s*)*)<svg[\s>/][^>]*", re.S
)
_SVG_SIZE: Final = re.compile(rb"""\s(width|height)\s*=\s*["']\s*([\d.]{1,12})(?:px)?\s*["']""")
_SVG_BOX: Final = re.compile(
    rb"""\sviewBox\s*=\s*["']\s*[\d.+-]+[\s,]+[\d.+-]+[\s,]+([\d.]{1,12})[\s,]+([\d.]{1,12})"""
)


def view(body: Body, room: Room) -> Shown | None:
    """What image it is, whatever its type says; None for what is none."""
    words = describe(body.data)
    if words is None:
        return None
    if not words.startswith("SVG"):
        return Shown("image", [[(words, "text")]])
    source = text_view(Body(body.data, body.size, "image/svg+xml"), room)
    if source is None or media_type(body.content_type) == "text/html":
        return None
    return Shown("image", [[(words, "text")], *source.lines], source.rest)


def describe(data: bytes) -> str | None:
    """`PNG image, 640 x 480, RGBA`; None where the bytes begin like no image that we know."""
    for begin, kind in _KINDS:
        if data.startswith(begin):
            try:
                return kind(data[:_SEARCHED])
            except (struct.error, IndexError):  # it breaks off before its size
                return None if begin == b"BM" else f"{_NAMES[kind]} image"
    return _svg(data[:_SEARCHED])


def _sized(name: str, width: int, height: int, more: str = "") -> str:
    return f"{name} image, {width} x {height}" + (f", {more}" if more else "")


def _png(data: bytes) -> str:
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    said = _PNG_COLORS.get(color, "")
    said += f", {depth} bits" if depth != 8 else ""
    return _sized("PNG", width, height, said + (", animated" if b"acTL" in data[:1024] else ""))


def _gif(data: bytes) -> str:
    return _sized("GIF", *struct.unpack_from("<HH", data, 6))


def _jpeg(data: bytes) -> str:
    for marker, at in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, components = struct.unpack_from(">HHB", data, at + 5)
            said = "grey" if components == 1 else "CMYK" if components == 4 else ""
            return _sized("JPEG", width, height, said)
    return "JPEG image"


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0xD9, 0xDA):
            return
        yield marker, at
        at += 2 + max(2, int(struct.unpack_from(">H", data, at + 2)[0]))


def _riff(data: bytes) -> str | None:
    if data[8:12] != b"WEBP":
        return None
    form = data[12:16]
    if form == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        struct.unpack_from("<I", data, 26)  # it is there
        return _sized("WebP", width, height, "animated" if data[20] & 2 else "")
    if form == b"VP8L":
        bits = int(struct.unpack_from("<I", data, 21)[0])
        return _sized("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), "lossless")
    width, height = struct.unpack_from("<HH", data, 26)
    return _sized("WebP", width & 0x3FFF, height & 0x3FFF)


def _bmp(data: bytes) -> str | None:
    header = int(struct.unpack_from("<I", data, 14)[0])
    if header == 12:
        return _sized("BMP", *struct.unpack_from("<HH", data, 18))
    if header not in (40, 52, 56, 64, 108, 124):  # two letters are not enough to tell it from a text
        return None
    width, height = struct.unpack_from("<ii", data, 18)
    return _sized("BMP", abs(width), abs(height))


def _ico(data: bytes) -> str | None:
    count = int(struct.unpack_from("<H", data, 4)[0])
    if not 0 < count <= 64 or data[9] != 0:  # a byte that is reserved
        return None
    sizes = [(data[at] or 256, data[at + 1] or 256) for at in range(6, 6 + 16 * count, 16)]
    name = "ICO" if data[2] == 1 else "CUR"
    return _sized(name, *max(sizes), f"the largest of {count}" if count > 1 else "")


def _box(data: bytes) -> str | None:
    """ISO's boxes, as AVIF and HEIC have them: each image in it has its size in a box of its own."""
    name = _HEIF.get(data[8:12])
    if name is None:
        return None
    sizes = [struct.unpack_from(">II", data, found.end() + 4) for found in re.finditer(b"ispe", data[:-12])]
    name, comma, more = name.partition(", ")
    if not sizes:
        return f"{name} image{comma}{more}"
    width, height = max(sizes)
    return _sized(name, width, height, more)


def _svg(data: bytes) -> str | None:
    root = _SVG.match(data)
    if root is None:
        return None
    sizes = {name: value.decode() for name, value in _SVG_SIZE.findall(root[0])}
    box = _SVG_BOX.search(root[0])
    if len(sizes) == 2:
        return f"SVG image, {sizes[b'width']} x {sizes[b'height']}"
    return "SVG image" if box is None else f"SVG image, {box[1].decode()} x {box[2].decode()}"


_Kind = Callable[[bytes], str | None]
_KINDS: Final[tuple[tuple[bytes, _Kind], ...]] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _riff),
    (b"BM", _bmp),
    (b"\0\0\1\0", _ico),
    (b"\0\0\2\0", _ico),
    *((bytes([0, 0, 0, length]) + b"ftyp", _box) for length in range(16, 68, 4)),
)
_NAMES: Final[dict[_Kind, str]] = {
    _png: "PNG",
    _jpeg: "JPEG",
    _gif: "GIF",
    _riff: "WebP",
    _bmp: "BMP",
    _ico: "ICO",
    _box: "HEIF",
}
