import gzip
import io
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.errors import NotATraceError
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import Record, SendRecord
from asgi_inspect.trace.source import Renamed, is_file, open_source
from tests.serving import ROOT

RECORDS = [SendRecord(conn="p.1", n=n, t_us=n * n, message={"type": "x", "body": b"%d" % n}) for n in range(1, 400)]
TEXT = b"".join(
    b'{"record":"send","conn":"p.1","n":%d,"t_us":%d,"message":{"type":"x","body":"%d"}}\n' % (n, n * n, n)
    for n in range(1, 400)
)
HALF = TEXT.index(b"\n", len(TEXT) // 2) + 1


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def blocks_of_zst(data: bytes) -> bytes:
    """A frame of many small blocks, as a writer makes that flushes often."""
    writer = zstandard.ZstdCompressor().compressobj()
    return (
        b"".join(
            writer.compress(line) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
            for line in data.splitlines(keepends=True)
        )
        + writer.flush()
    )


def skippable(kind: int) -> bytes:
    return bytes([kind, 0x2A, 0x4D, 0x18]) + (3).to_bytes(4, "little") + b"abc"


def read(data: bytes) -> tuple[list[Record], list[Damage]]:
    damages: list[Damage] = []
    return list(read_trace(io.BytesIO(data), on_damage=damages.append)), damages


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:HALF]) + gzip.compress(TEXT[HALF:]),
        gzip.compress(TEXT[:99]) + gzip.compress(b"") + gzip.compress(TEXT[99:]),
        gzip.compress(TEXT[:99]) + b"\0" * 70_000 + gzip.compress(TEXT[99:]) + b"\0" * 512,
        zst(TEXT),
        zst(TEXT[:99]) + zst(b"") + zst(TEXT[99:]),
        skippable(0x50) + zst(TEXT[:99]) + skippable(0x5F) + zst(TEXT[99:]) + skippable(0x53),
        blocks_of_zst(TEXT),
    ],
    ids=["plain", "gz", "members", "empty member", "padded", "zst", "frames", "skippable", "blocks"],
)
def test_what_is_coded_is_decoded(data: bytes, tmp_path: Path) -> None:
    assert read(data) == (RECORDS, [])
    path = tmp_path / "trace.of.any.name"
    path.write_bytes(data)
    assert list(read_trace(path)) == RECORDS


@pytest.mark.parametrize(
    "data", [b"", gzip.compress(b""), zst(b""), skippable(0x50)], ids=["plain", "gz", "zst", "skippable"]
)
def test_what_is_empty_is_an_empty_trace(data: bytes) -> None:
    assert read(data) == ([], [])


@pytest.mark.parametrize("path", ["/dev/null"])
def test_a_device(path: str) -> None:
    assert list(read_trace(path)) == []
    assert not is_file(path)


@pytest.mark.parametrize("code", [gzip.compress, blocks_of_zst], ids=["gzip", "zstd"])
def test_what_is_cut_off_is_read_up_to_there_and_said_once(code: Callable[[bytes], bytes]) -> None:
    coded = code(TEXT)
    cut_in_a_line = False
    for at in range(len(coded) // 2, len(coded) - 1, 97):
        found, damages = read(coded[:at])
        assert found == RECORDS[: len(found)]
        assert len(found) > 50
        assert [damage.reason for damage in damages] == [
            f"{'gzip' if code is gzip.compress else 'zstd'}: the file is cut off"
        ]
        assert damages[0].line in (len(found) + 1, len(found) + 2)
        cut_in_a_line = cut_in_a_line or damages[0].line == len(found) + 1
    assert cut_in_a_line


@pytest.mark.parametrize("code", [gzip.compress, blocks_of_zst], ids=["gzip", "zstd"])
def test_what_is_damaged_is_read_up_to_there_and_said_once(code: Callable[[bytes], bytes]) -> None:
    coded = bytearray(code(TEXT))
    at = len(coded) * 2 // 3
    coded[at : at + 40] = b"\xff" * 40
    found, damages = read(bytes(coded))
    assert len(found) > 50
    last = [damage for damage in damages if "damaged, and not readable from there on" in damage.reason]
    assert len(last) == 1
    assert last == damages[-1:]


def test_a_wrong_checksum_costs_no_line() -> None:
    coded = bytearray(gzip.compress(TEXT))
    coded[-6] ^= 1
    found, damages = read(bytes(coded))
    assert found == RECORDS
    assert [damage.line for damage in damages] == [400]
    assert "incorrect data check" in damages[0].reason


@pytest.mark.parametrize("coded", [zst(TEXT), gzip.compress(TEXT, mtime=0)], ids=["zstd", "gzip"])
@pytest.mark.parametrize("kept", [8, 40])
def test_what_is_cut_off_at_its_beginning_is_damaged_and_not_foreign(coded: bytes, kept: int) -> None:
    found, damages = read(coded[:kept])
    assert found == []
    assert [damage.reason.partition(": ")[2] for damage in damages] == ["the file is cut off"]


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b" + b"x" * 99, gzip.compress(b"hello\n", mtime=0)], ids=["no gzip", "a text"]
)
def test_what_is_no_trace_below_its_coding_is_refused(data: bytes) -> None:
    with pytest.raises(NotATraceError):
        read(data)


@given(st.binary(max_size=60), st.sampled_from([gzip.compress(TEXT[:900]), blocks_of_zst(TEXT[:900])]), st.data())
def test_damage_of_any_kind_never_raises_anything_else(rubbish: bytes, coded: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(coded)))
    try:
        found, _ = read(coded[:at] + rubbish + coded[at + len(rubbish) :])
    except NotATraceError:
        return
    assert len(found) <= 20


BOMB = """
import re, sys
from asgi_inspect.trace.source import open_source
with open_source(sys.argv[1]) as opened:
    size = 0
    while data := opened.file.read(1 << 16):
        size += len(data)
print(size, re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_small_file_that_makes_a_large_one_does_not_fill_the_memory(kind: str, tmp_path: Path) -> None:
    path, size = tmp_path / "bomb", 200 << 20
    if kind == "gzip":
        coder = zlib.compressobj(wbits=31)
        path.write_bytes(b"".join(coder.compress(bytes(1 << 20)) for _ in range(200)) + coder.flush())
    else:
        path.write_bytes(zst(bytes(size)))
    done = subprocess.run([sys.executable, "-c", BOMB, str(path)], cwd=ROOT, capture_output=True, check=True, text=True)
    read, kilobytes = map(int, done.stdout.split())
    assert read == size
    assert kilobytes < 120 << 10  # of which some 60 MB are Python and what is imported


def test_a_pipe_that_is_named_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert not is_file(path)
    writing = threading.Thread(target=path.write_bytes, args=(gzip.compress(TEXT),), daemon=True)
    writing.start()
    assert list(read_trace(path)) == RECORDS
    writing.join(10)


def test_what_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(TEXT)
    assert is_file(path)
    assert is_file(str(path))
    assert is_file(tmp_path / "missing")  # who opens it says that
    assert not is_file("-")
    assert not is_file(io.BytesIO(TEXT))
    with open_source(path) as opened:
        assert opened.plain_size == len(TEXT)
        assert opened.name == str(path)
    with open_source(Renamed(str(path), "standard input")) as opened:
        assert opened.name == "standard input"
    path.write_bytes(gzip.compress(TEXT))
    with open_source(path) as opened:
        assert opened.plain_size is None
    with open_source(io.BytesIO(TEXT)) as opened:
        assert opened.plain_size is None


def test_no_permission_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(TEXT)
    path.chmod(0)
    if os.geteuid() == 0:  # who may read everything

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PermissionError):
        list(read_trace(path))
