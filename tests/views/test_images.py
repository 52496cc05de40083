"""What images and other files say of themselves in their first bytes."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.views import images, kinds


def png(width: int, height: int, depth: int, color: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, depth, color, 0, 0, 0)


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    return b"\xff\xd8" + b"".join(struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments)


def webp(form: bytes, data: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"WEBP" + form + struct.pack("<I", len(data)) + data


def box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def sized_box(width: int, height: int) -> bytes:
    return box(b"ispe", struct.pack(">III", 0, width, height))


def frame(width: int, height: int, components: int = 3) -> tuple[int, bytes]:
    return 0xC2, struct.pack(">BHHB", 8, height, width, components) + bytes(3 * components)


APP0 = (0xE0, b"JFIF\0" + bytes(9))
THUMBNAIL = (0xE1, b"Exif\0\0" + jpeg(frame(1, 1)))  # a frame inside a segment is not the image's own
ICONS = (
    struct.pack("<HHH", 0, 1, 2) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 0, 0) + bytes([0, 0, 0, 0] + [0] * 12)
)

IMAGES = [
    (png(640, 480, 8, 6), "PNG image, 640 x 480, RGBA"),
    (png(1, 2, 16, 0), "PNG image, 1 x 2, grey, 16 bits"),
    (png(3, 4, 8, 3) + b"\0\0\0\0\0\0\0\x08acTL", "PNG image, 3 x 4, palette, animated"),
    (png(1, 1, 8, 6)[:20], "PNG image"),
    (b"GIF89a" + struct.pack("<HH", 320, 200), "GIF image, 320 x 200"),
    (b"GIF87a", "GIF image"),
    (jpeg(APP0, THUMBNAIL, frame(4000, 3000)), "JPEG image, 4000 x 3000"),
    (jpeg(frame(5, 6, 1)), "JPEG image, 5 x 6, grey"),
    (jpeg(APP0), "JPEG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (jpeg((0xDA, b"")) + bytes(99), "JPEG image"),
    (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 550, 368)), "WebP image, 550 x 368"),
    (webp(b"VP8L", b"\x2f" + struct.pack("<I", 385 | 394 << 14)), "WebP image, 386 x 395, lossless"),
    (webp(b"VP8X", b"\x02\0\0\0\x8f\x01\0\x2b\x01\0"), "WebP image, 400 x 300, animated"),
    (b"BM" + bytes(12) + struct.pack("<Iii", 40, 127, -64), "BMP image, 127 x 64"),
    (b"BM" + bytes(12) + struct.pack("<IHH", 12, 7, 8), "BMP image, 7 x 8"),
    (ICONS, "ICO image, 256 x 256, the largest of 2"),
    (box(b"ftyp", b"avif\0\0\0\0avifmif1") + sized_box(64, 32) + sized_box(1204, 800), "AVIF image, 1204 x 800"),
    (box(b"ftyp", b"heic\0\0\0\0mif1heic") + sized_box(4032, 3024), "HEIC image, 4032 x 3024"),
    (box(b"ftyp", b"avis\0\0\0\0"), "AVIF image, animated"),
    (b'<svg xmlns="x" width="12" height="3.5px">', "SVG image, 12 x 3.5"),
    (b'<?xml version="1.0"?>\n<!-- x --><svg viewBox="0 0 24 24">', "SVG image, 24 x 24"),
    (b'<svg width="100%" height="100%">', "SVG image"),
]
NO_IMAGES = [
    b"",
    b"\x89PNG",
    b"GIF",
    b"BMW drives past all of the header",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"<p><svg>",
    b"\0\0\1\0",
    b"II*\0",
]


@pytest.mark.parametrize(("data", "words"), IMAGES)
def test_an_image_says_its_kind_and_dimensions(data: bytes, words: str) -> None:
    assert images.describe(data) == words


@pytest.mark.parametrize("data", NO_IMAGES)
def test_what_is_no_image_is_not_taken_for_one(data: bytes) -> None:
    assert images.describe(data) in (None, "ICO image")


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.4\n", "PDF document, version 1.4"),
        (b"%PDF-x", "PDF document"),
        (archive("a.txt"), "ZIP archive"),
        (archive("[Content_Types].xml", "word/document.xml"), "Word document"),
        (archive("META-INF/MANIFEST.MF"), "Java archive"),
        (b"\x1f\x8b\x08\0", "gzip data"),
        (b"wOF2\0\1\0\0", "WOFF2 font"),
        (b"ID3\4", "MP3 audio"),
        (b"RIFF\0\0\0\0WAVEfmt ", "WAV audio"),
        (b"\0\0\0\x20ftypisom", "MP4 video"),
        (b"\0\0\0\x20ftypM4A ", "M4A audio"),
        (b"\x1aE\xdf\xa3....webm", "WebM video"),
        (b"\0" * 257 + b"ustar", "tar archive"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"\0asm\1\0\0\0", "WebAssembly module"),
        (b"anything", None),
        (b"", None),
    ],
)
def test_other_files_say_what_they_are(data: bytes, words: str | None) -> None:
    assert kinds.describe(data) == words


@given(
    st.sampled_from([data for data, _ in IMAGES]),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255))),
    st.integers(0, 90),
)
def test_no_image_ever_raises(data: bytes, faults: list[tuple[int, int]], end: int) -> None:
    mutated = bytearray(data)
    for at, value in faults:
        if at < len(mutated):
            mutated[at] = value
    images.describe(bytes(mutated[:end]))
    images.describe(bytes(mutated))
