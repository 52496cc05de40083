"""Bodies that are small and make much: what reads them ends soon, in bounded memory, and says where it stopped."""

import gzip
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it has no annotations
import pytest
import zstandard

from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, Record, ScopeRecord, SendRecord
from tests.hostile.nasty import AT
from tests.serving import ROOT

MIB = 1 << 20
PATIENCE = 40  # seconds, on a slow machine; without their bounds these take minutes, or all memory
ROOM = 230  # MiB, of which Python with all that shows a page takes some 40
# Runs a command of ours for each file, and says how much memory it took up to there.
CHILD = """
import re, sys
from asgi_inspect.cli import main

words, files = sys.argv[2 : 2 + int(sys.argv[1])], sys.argv[2 + int(sys.argv[1]) :]
for file in files:
    sys.argv = ["asgi-inspect", *words, file]
    try:
        main()
    except SystemExit:
        pass
    sys.stderr.write("\\npeak " + re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1] + "\\n")
    sys.stderr.flush()
"""


def zeros(coder: Callable[[], "zlib._Compress"], mebibytes: int) -> bytes:
    made = coder()
    return b"".join([*(made.compress(bytes(MIB)) for _ in range(mebibytes)), made.flush()])


@cache
def gzipped() -> bytes:
    return zeros(lambda: zlib.compressobj(6, zlib.DEFLATED, 31), 80)


# Content type, content coding, body, and what is said of it.
BOMBS: dict[str, tuple[bytes, bytes | None, Callable[[], bytes], str]] = {
    "gzip": (b"text/plain", b"gzip", gzipped, "only the first 16 MiB decoded"),
    "deflate": (b"text/plain", b"deflate", lambda: zeros(zlib.compressobj, 80), "only the first 16 MiB decoded"),
    "br": (b"text/plain", b"br", lambda: brotli.compress(bytes(80 * MIB), quality=1), "only the first 16 MiB decoded"),
    "zstd": (b"text/plain", b"zstd", lambda: zstandard.compress(bytes(80 * MIB)), "only the first 16 MiB decoded"),
    "nested": (b"text/plain", b"gzip, gzip, gzip", lambda: gzip.compress(gzip.compress(gzipped())), "only the first 16 MiB decoded"),
    "too nested": (b"text/plain", b"gzip, " * 9 + b"gzip", gzipped, "gzip"),
    "empty streams": (b"text/plain", b"gzip", lambda: gzip.compress(b"") * 400_000, "only the first 10,000 streams of the gzip data decoded"),
    "empty frames": (b"text/plain", b"zstd", lambda: zstandard.compress(b"") * 400_000, "only the first 10,000 streams of the zstd data decoded"),
    "deep JSON": (b"application/json", None, lambda: b"[" * MIB + b"]" * MIB, "Response body"),
    "wide JSON": (b"application/json", None, lambda: b"[" + b"1," * 300_000 + b"1]", "over 10,000 more lines"),
    "a huge number": (b"application/json", None, lambda: b"9" * 3 * MIB, "Response body"),
    "XML of entities": (b"application/xml", None, lambda: b"<!DOCTYPE l [" + b'<!ENTITY a "&a;&a;">' * 50_000 + b"]>", "XML"),
    "parts": (b"multipart/form-data; boundary=X", None, lambda: b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 200_000, "more parts"),
    "headers of a part": (b"multipart/form-data; boundary=X", None, lambda: b"--X\r\n" + b"A: b\r\n" * 1_000_000 + b"\r\nb\r\n--X--", "multipart"),
    "fields": (b"application/x-www-form-urlencoded", None, lambda: b"a=b&" * 1_000_000, "over 10,000 more fields"),
    "no fields": (b"application/x-www-form-urlencoded", None, lambda: b"&" * 4 * MIB, "form"),
    "events": (b"text/event-stream", None, lambda: b"data: x\n\n" * 1_000_000, "over 10,000 more lines"),
    "an event": (b"text/event-stream", None, lambda: b"data: x\n" * 1_500_000, "more lines"),
    "no events": (b"text/event-stream", None, lambda: b"\n" * 5_000_000, "event stream"),
    "dimensions": (b"image/png", None, lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06", "PNG image, 2147483647 x 2147483647"),
    "comments of an SVG": (b"image/svg+xml", None, lambda: b"<!-- --> " * 7_000, "Response body"),
    "a charset that decodes": (b"text/plain; charset=zlib_codec", None, gzipped, "Response body"),
}  # fmt: skip


def written(file: Path, content_type: bytes, coding: bytes | None, body: bytes) -> Path:
    headers = [(b"content-type", content_type), *([(b"content-encoding", coding)] if coding else [])]
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope={"type": "http", "method": "GET", "path": "/", "headers": []}),
        ReceiveRecord(conn="p.1", n=1, t_us=1, wait_us=1, message={"type": "http.request"}),
        SendRecord(conn="p.1", n=2, t_us=2, message={"type": "http.response.start", "status": 200, "headers": headers}),
        SendRecord(conn="p.1", n=3, t_us=3, message={"type": "http.response.body", "body": body}),
        EndRecord(conn="p.1", n=4, t_us=4, outcome="returned"),
    ]
    file.write_bytes(b"".join(encode_record(record) + b"\n" for record in records))
    return file


def run(words: list[str], files: list[Path]) -> tuple[str, list[int]]:
    """What the command says of them, and how many MiB it took up to each."""
    command = [sys.executable, "-c", CHILD, str(len(words)), *words, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE)
    said = done.stderr.decode()
    peaks = [int(peak) >> 10 for peak in re.findall(r"^peak (\d+)$", said, re.MULTILINE)]
    return done.stdout.decode("utf-8", "replace") + said, peaks


@pytest.mark.parametrize("third", [0, 1, 2])
def test_bombs_are_shown_in_bounded_time_and_memory(third: int, tmp_path: Path) -> None:
    names = list(BOMBS)[third::3]
    files = [
        written(tmp_path / name, kind, coding, body())
        for name, (kind, coding, body, _) in BOMBS.items()
        if name in names
    ]
    said, peaks = run(["show", "--conn", "1"], files)
    assert [(name, words) for name in names if (words := BOMBS[name][3]) not in said] == []
    assert len(peaks) == len(names)
    assert [name for name, peak in zip(names, peaks, strict=True) if peak > ROOM] == []


@pytest.mark.parametrize(
    ("words", "bound"),
    [
        ("show --conn 1 --body response", "only the first 64 MiB decoded"),
        ("show body:tea", "nothing in this trace matches"),
        ("show --format pretty", "http.response.body"),
        ("export har --no-redact", "only the first 16 MiB decoded"),
        ("export curl", "curl"),
        ("stats", "HTTP"),
    ],
)
def test_a_bomb_does_nothing_to_other_commands(words: str, bound: str, tmp_path: Path) -> None:
    file = written(tmp_path / "t.jsonl", b"text/plain", b"gzip, gzip", gzip.compress(gzipped()))
    said, (peak,) = run(words.split(), [file])
    assert bound in said
    assert peak < ROOM
