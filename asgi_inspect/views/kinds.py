"""Documents, archives, fonts, sounds and films: one line that says what it is, by its first bytes, whatever its type says."""

import re
from typing import Final, NamedTuple

from .spans import Body, Room, Shown
from .text import is_text


class _Kind(NamedTuple):
    """One format: with what it begins, where, what it is for, and what it is called."""

    magic: bytes
    kind: str
    words: str
    at: int = 0


_KINDS: Final = (
    _Kind(b"%PDF-", "document", "PDF document"),
    _Kind(b"%!PS", "document", "PostScript document"),
    _Kind(b"{\\rtf", "document", "RTF document"),
    _Kind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document", "Microsoft Office document"),
    _Kind(b"PK\x03\x04", "archive", "ZIP archive"),
    _Kind(b"PK\x05\x06", "archive", "ZIP archive, empty"),
    _Kind(b"\x1f\x8b\x08", "archive", "gzip data"),
    _Kind(b"(\xb5/\xfd", "archive", "zstd data"),
    _Kind(b"BZh", "archive", "bzip2 data"),
    _Kind(b"\xfd7zXZ\0", "archive", "xz data"),
    _Kind(b"7z\xbc\xaf\x27\x1c", "archive", "7-Zip archive"),
    _Kind(b"Rar!\x1a\x07", "archive", "RAR archive"),
    _Kind(b"ustar", "archive", "tar archive", 257),
    _Kind(b"wOFF", "font", "WOFF font"),
    _Kind(b"wOF2", "font", "WOFF2 font"),
    _Kind(b"\0\1\0\0\0", "font", "TrueType font"),
    _Kind(b"true\0", "font", "TrueType font"),
    _Kind(b"OTTO\0", "font", "OpenType font"),
    _Kind(b"ttcf\0", "font", "TrueType fonts"),
    _Kind(b"ID3", "audio", "MP3 audio"),
    _Kind(b"\xff\xfb", "audio", "MP3 audio"),
    _Kind(b"\xff\xf1", "audio", "AAC audio"),
    _Kind(b"fLaC", "audio", "FLAC audio"),
    _Kind(b"OggS", "audio", "Ogg audio or video"),
    _Kind(b"WAVEfmt ", "audio", "WAV audio", 8),
    _Kind(b"MThd\0", "audio", "MIDI"),
    _Kind(b"AVI LIST", "video", "AVI video", 8),
    _Kind(b"FLV\1", "video", "Flash video"),
    _Kind(b"\0\0\1\xba", "video", "MPEG video"),
    _Kind(b"II*\0", "image", "TIFF image"),
    _Kind(b"MM\0*", "image", "TIFF image"),
    _Kind(b"\xff\x0a\xff", "image", "JPEG XL image"),
    _Kind(b"\0\0\0\x0cJXL ", "image", "JPEG XL image"),
    _Kind(b"8BPS\0", "image", "Photoshop image"),
    _Kind(b"SQLite format 3\0", "data", "SQLite database"),
    _Kind(b"PAR1", "data", "Parquet table"),
    _Kind(b"ARROW1\0", "data", "Arrow table"),
    _Kind(b"\x89HDF\r\n", "data", "HDF5 data"),
    _Kind(b"\x93NUMPY", "data", "NumPy array"),
    _Kind(b"\0asm\1\0", "program", "WebAssembly module"),
    _Kind(b"\x7fELF", "program", "ELF program"),
)
# What a ZIP archive really is, by the name of one of its first members.
_ZIPPED: Final = (
    (b"word/", "document", "Word document"),
    (b"xl/", "document", "Excel document"),
    (b"ppt/", "document", "PowerPoint document"),
    (b"mimetypeapplication/epub", "document", "EPUB book"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "document", "OpenDocument"),
    (b"AndroidManifest.xml", "program", "Android package"),
    (b"META-INF/MANIFEST.MF", "program", "Java archive"),
    (b".dist-info/", "program", "Python wheel"),
)
_SEARCHED: Final = 1 << 13
_BOX_BRANDS: Final = {
    b"M4A ": ("audio", "M4A audio"),
    b"M4B ": ("audio", "M4A audio"),
    b"qt  ": ("video", "QuickTime video"),
}
_PDF_VERSION: Final = re.compile(rb"%PDF-(\d\.\d)")


def view(body: Body, room: Room) -> Shown | None:
    """What it is, on one line; None for what begins like nothing that we know."""
    found = _known(body.data)
    if found is None or (found[0] != "document" and is_text(body)):  # some begin with letters, as texts do
        return None
    return Shown(found[0], [[(found[1], "text")]])


def describe(data: bytes) -> str | None:
    """`PDF document, version 1.7`; None for what begins like nothing that we know."""
    found = _known(data)
    return None if found is None else found[1]


def _known(data: bytes) -> tuple[str, str] | None:
    if data[4:8] == b"ftyp":
        return _BOX_BRANDS.get(data[8:12], ("video", "MP4 video"))
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "video", "WebM video" if b"webm" in data[:64] else "Matroska video"
    found = next((kind for kind in _KINDS if data.startswith(kind.magic, kind.at)), None)
    if found is None:
        return None
    if found.magic == b"PK\x03\x04":
        return _zipped(data[:_SEARCHED])
    if version := _PDF_VERSION.match(data):
        return found.kind, f"{found.words}, version {version[1].decode()}"
    return found.kind, found.words


def _zipped(head: bytes) -> tuple[str, str]:
    return next(((kind, words) for name, kind, words in _ZIPPED if name in head), ("archive", "ZIP archive"))
