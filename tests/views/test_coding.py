"""Content codings undone: whole, in bits, damaged, cut off, wrongly named, and bombs."""

import gzip
import random
import sys
import zlib

import brotli  # type: ignore[import-untyped]  # it has no annotations
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.views.coding import Decoder, decoder_for
from tests.bodies import CODERS, PLAIN, raw_deflate

NOISE = random.Random(4).randbytes(100_000)
DATA = PLAIN + NOISE
CODED = [*((name, coder(DATA)) for name, coder in CODERS.items()), ("deflate", raw_deflate(DATA))]


def decoded(coding: str, *chunks: bytes, limit: int = 1 << 26) -> tuple[bytes, str | None]:
    decoder = decoder_for(coding, limit=limit)
    assert decoder is not None
    data = b"".join([*map(decoder.feed, chunks), decoder.finish()])
    return data, decoder.trouble


def bits(data: bytes, size: int) -> list[bytes]:
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize(("coding", "coded"), CODED)
def test_what_was_coded_comes_back_however_it_was_cut(coding: str, coded: bytes, size: int) -> None:
    assert decoded(coding, *bits(coded, size)) == (DATA, None)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_streams_that_follow_each_other_are_one(coding: str) -> None:
    two = CODERS[coding](b"one ") + CODERS[coding](b"two")
    for size in (1, 5, 1000):
        assert decoded(coding, *bits(two, size)) == (b"one two", None)


@pytest.mark.parametrize("header", [None, "", "identity", " Identity , ,"])
def test_what_is_not_coded_needs_no_decoder(header: str | None) -> None:
    assert decoder_for(header) is None


def test_names_are_taken_as_they_come() -> None:
    assert decoded(" GZip , identity", gzip.compress(b"tea")) == (b"tea", None)


@pytest.mark.parametrize(("coding", "coded"), CODED)
def test_a_body_that_breaks_off_gives_its_beginning(coding: str, coded: bytes) -> None:
    data, trouble = decoded(coding, coded[: len(coded) * 3 // 4])
    assert DATA.startswith(data)
    assert trouble is not None
    assert trouble.endswith("data breaks off")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_damaged_body_gives_all_that_stood_before_the_damage(coding: str) -> None:
    text = b"leaves of tea " * 20_000
    coded = CODERS[coding](NOISE + text)
    fault = coded[:60_000] + b"\xff" * 40 + coded[60_040:]
    at_once, trouble = decoded(coding, fault)
    assert at_once.startswith(NOISE[:50_000])
    assert trouble is not None
    assert trouble.startswith(f"{coding} data damaged after ")
    assert decoded(coding, *bits(fault, 1)) == (at_once, trouble)


@pytest.mark.parametrize("coding", [*CODERS])
def test_what_only_bears_the_name_is_given_as_it_is(coding: str) -> None:
    data, trouble = decoded(coding, b"<p>plain", b" text")
    assert data == b"<p>plain text"
    assert trouble == f"said to be {coding.rpartition(' ')[2]}, but is not"


@pytest.mark.parametrize("coding", [*CODERS])
def test_what_follows_the_end_is_said(coding: str) -> None:
    data, trouble = decoded(coding, CODERS[coding](PLAIN), b"junk")
    assert data == PLAIN
    assert trouble == f"more bytes after the end of the {coding.rpartition(' ')[2]} data"


def test_an_unknown_coding_leaves_the_rest_as_it_was_sent() -> None:
    said = "content coding compress is unknown: as it was sent"
    assert decoded("compress", b"x") == (b"x", said)
    assert decoded("compress, gzip", gzip.compress(b"x")) == (b"x", said)
    assert decoded("gzip, compress", b"x") == (b"x", said)


def test_no_more_codings_than_four_are_undone() -> None:
    coded = PLAIN
    for _ in range(5):
        coded = gzip.compress(coded)
    data, trouble = decoded(", ".join(["gzip"] * 5), coded)
    assert gzip.decompress(data) == PLAIN
    assert trouble is not None


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(("gzip", gzip.compress(bytes(40 << 20))), id="gzip"),
        pytest.param(("deflate", zlib.compress(bytes(40 << 20))), id="deflate"),
        pytest.param(("br", brotli.compress(bytes(40 << 20), quality=1)), id="br"),
        pytest.param(("zstd", zstandard.compress(bytes(40 << 20))), id="zstd"),
        pytest.param(("gzip, gzip", gzip.compress(gzip.compress(bytes(40 << 20)))), id="gzip-gzip"),
    ],
)
def test_a_bomb_is_stopped_at_the_limit_and_never_held_whole(bomb: tuple[str, bytes]) -> None:
    decoder = decoder_for(bomb[0], limit=1 << 20)
    assert decoder is not None
    sizes = [len(piece) for piece in decoder.pieces(bomb[1])]
    assert sum(sizes) == 1 << 20
    assert decoder.trouble == "only the first 1 MiB decoded"
    assert decoder.feed(bomb[1]) == b""


def test_a_window_that_http_forbids_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data, trouble = decoded("zstd", coder.compress(bytes(1 << 20)) + coder.flush())
    assert (data, trouble) == (b"", "zstd data damaged after 0 B decoded")


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_package_that_is_missing_is_said(coding: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert decoded(coding, b"ab", b"cd") == (b"abcd", f"{coding} cannot be decoded here: its package is not installed")


def test_an_empty_body_is_no_trouble() -> None:
    assert decoded("gzip") == (b"", None)
    assert decoded("br", b"") == (b"", None)


@given(
    st.sampled_from([name for name, _ in CODED]) | st.text(max_size=30),
    st.sampled_from([coded[:3000] for _, coded in CODED]) | st.binary(max_size=100),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=4),
    st.integers(1, 3000),
    st.integers(0, 100_000),
)
def test_nothing_raises_or_goes_beyond_the_limit(
    coding: str, coded: bytes, faults: list[tuple[int, int]], size: int, limit: int
) -> None:
    mutated = bytearray(coded)
    for at, value in faults:
        if at < len(mutated):
            mutated[at] = value
    decoder = decoder_for(coding, limit=limit)
    if decoder is not None:
        data = b"".join([*map(decoder.feed, bits(bytes(mutated), size)), decoder.finish()])
        assert isinstance(decoder, Decoder)
        assert len(data) <= max(limit, len(mutated))
