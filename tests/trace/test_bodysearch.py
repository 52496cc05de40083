"""Texts in bodies: across the borders of chunks, below content codings, and where the coding is not what it is said to be."""

import gzip
import zlib

import brotli  # type: ignore[import-untyped]  # it has no annotations
import pytest
import zstandard

from asgi_inspect.trace.bodysearch import BodySearch

BODY = b"leaves " * 50 + "grüner Tee".encode() + b" leaves" * 50


def search(chunks: list[bytes], coding: str | None = None) -> set[str]:
    found = BodySearch(("grüner Tee", "coffee"))
    found.begin("response", coding)
    for number, chunk in enumerate(chunks, 1):
        found.feed("response", chunk, last=number == len(chunks))
    return found.found


@pytest.mark.parametrize("size", [1, 3, 7, 400])
@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (None, BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("br", brotli.compress(BODY)),
        ("zstd", zstandard.compress(BODY)),
        ("gzip", BODY),
        ("of tomorrow", BODY),
    ],
    ids=["none", "identity", "gzip", "deflate", "br", "zstd", "not gzip", "unknown"],
)
def test_a_text_is_found_however_it_is_cut_and_coded(size: int, coding: str | None, coded: bytes) -> None:
    assert search([coded[at : at + size] for at in range(0, len(coded), size)], coding) == {"grüner Tee"}


def test_the_two_sides_are_apart() -> None:
    found = BodySearch(("half and half",))
    found.feed("request", b"half and ")
    found.feed("response", b"half")
    found.feed_message(b" half")
    assert found.found == set()
    found.feed("request", b"half")
    assert found.found == {"half and half"}
