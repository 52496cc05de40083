"""curl: each line, run by a real shell with a real curl, has the server see the same request and answer the same."""

import base64
import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from asgi_inspect.trace.records import EndRecord, Record
from asgi_inspect.values import Parts, Redacted, Truncated
from tests.export.application import OCTETS
from tests.export.conftest import MULTIPART, Traced, traced
from tests.export.exporting import asked, lines, written
from tests.servers.starting import until

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]

# A request: its target, its headers, its method, its body.
REQUESTS: dict[str, tuple[str, list[str], str, bytes]] = {
    "plain": ("/plain?a=1", [], "GET", b""),
    "brackets": ("/[x]{y}?q=[1]{2}&z=%zz", [], "GET", b""),
    "dots": ("/./a/../b/%2e%2e/c", [], "GET", b""),
    "slashes": ("//double//x", [], "GET", b""),
    "quotes": ("/q?a='b\"c&$HOME`id`;!x\\", [], "GET", b""),
    "escapes": ("/%C3%BC/%E6%97%A5%20%2F%00?q=%FF+%26", [], "GET", b""),
    "header-quotes": ("/h", ['X-Quote: it\'s "q" $HOME `id` $(id) \\n %s !x'], "GET", b""),
    "header-empty": ("/h", ["X-Empty:", "X-Two: 1", "X-Two: 2"], "GET", b""),
    "header-octets": ("/h", ["X-Tab: a\tb", "X-Bytes: \udcff\udcfe", "X-Words: é 日本"], "GET", b""),
    "header-files": ("/h", ["Accept: @/etc/passwd", "X-At: @/etc/passwd", "X-Equals: =1"], "GET", b""),
    "own-headers": ("/h", ["Accept: */*", "User-Agent: leaf/1", "Accept-Encoding: identity"], "GET", b""),
    "delete": ("/x", [], "DELETE", b""),
    "m-search": ("/x", [], "M-SEARCH", b""),
    "get-body": ("/x", [], "GET", b"a body"),
    "file-name": ("/x", [], "POST", b"@/etc/passwd"),
    "lines": ("/x", [], "POST", b"one\ntwo\r\n\n"),
    "dash": ("/x", ["Content-Type: text/x"], "PATCH", b"-n %s \\x41"),
    "unicode": ("/x", [], "POST", "é %s \\n ' \" $x ` 🙂".encode()),
    "nul": ("/x", [], "POST", b"\0"),
    "octets": ("/x", [], "PUT", OCTETS * 3),
    "multipart": ("/x", ["Content-Type: multipart/form-data; boundary=XX"], "POST", MULTIPART),
    "form": ("/x", ["Content-Type: application/x-www-form-urlencoded"], "POST", b"name=Zo%C3%AB&x="),
    "coded": ("/x", ["Content-Encoding: gzip"], "POST", gzip.compress(b"leaf " * 100)),
    "long": ("/x", [], "POST", b"x" * 70_000),
    "huge": ("/x", [], "POST", OCTETS * 5_000),
    "empty": ("/x", ["Content-Length: 0"], "POST", b""),
    "terminal": ("/x", [], "POST", "\x1b]0;title\x07\u202egnp.exe".encode()),
}


class Server(NamedTuple):
    """A server, what it was asked and what it told, and the trace of that: what the commands ask again is not in it."""

    traced: Traced
    told: dict[str, bytes]
    file: Path


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    file = tmp_path_factory.mktemp("curl") / "trace.jsonl"
    with traced(request.param, file, "--body-limit", "4000000") as process:
        told = {}
        for name, (target, headers, method, body) in REQUESTS.items():
            told[name] = process.get(target, f"X-Name: only-{name}-only", *headers, method=method, body=body)
        process.wait_for_ends(len(told))
        yield Server(process, told, Path(shutil.copy(file, file.with_name("asked.jsonl"))))


def content(answer: bytes) -> Any:
    """What the application told of its request, of an answer as it came."""
    body = answer.partition(b"\r\n\r\n")[2] if answer.startswith(b"HTTP/1") else answer
    return json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


def run(commands: str, folder: Path, shell: str = "sh") -> bytes:
    """What a script prints, that stands in a file: as an argument a long one would not fit."""
    script = folder / "script.sh"
    script.write_text(commands, encoding="utf-8")
    words = [shell, "sh"] if shell == "busybox" else [shell]
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([*words, str(script)], capture_output=True, timeout=60, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def line_of(name: str, file: Path) -> str:
    (line,) = lines("curl", file, f"request-header:x-name=only-{name}-only")
    assert line.isprintable()
    return line


def line_of_new(name: str, server: Traced) -> str:
    until(lambda: f"only-{name}-only".encode() in server.file.read_bytes(), f"{name} in the trace")
    return line_of(name, server.file)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_same_request_has_the_same_answer(name: str, server: Server, tmp_path: Path) -> None:
    line = line_of(name, server.file)
    answer = run(line, tmp_path)
    assert content(answer) == content(server.told[name])


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_all_lines_alike(shell: str, server: Server, tmp_path: Path) -> None:
    made = "\n".join(f"{line_of(name, server.file)}; echo" for name in REQUESTS if name != "huge")
    told = [content(line) for line in run(made, tmp_path, shell).splitlines()]
    assert told == [content(answer) for name, answer in server.told.items() if name != "huge"]


OTHERS: dict[str, bytes] = {
    "another host": b"GET /other HTTP/1.1\r\nHost: leaf.example\r\nConnection: close\r\n\r\n",
    "no host": b"GET /old HTTP/1.0\r\n\r\n",
    "all of it": b"OPTIONS * HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n",
    "chunks": b"POST /chunks HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
def test_requests_that_are_not_everyday(name: str, kind: str, tmp_path: Path) -> None:
    with traced(kind, tmp_path / "trace.jsonl") as process:
        octets = OTHERS[name]
        answer = process.ask(octets % process.port if b"%d" in octets else octets)
        process.wait_for_ends(1)
        (line,) = lines("curl", process.file)
        assert content(run(line, tmp_path)) == content(answer)


def test_http_2(tmp_path: Path) -> None:
    with traced("hypercorn", tmp_path / "trace.jsonl") as process:
        first = run(
            f"curl --http2-prior-knowledge -H 'x-a: 1' -d a=b http://127.0.0.1:{process.port}/two?x=1", tmp_path
        )
        process.wait_for_ends(1)
        (line,) = lines("curl", process.file)
        assert "--http2-prior-knowledge" in line
        assert content(run(line, tmp_path)) == content(first)
        assert content(first)["version"] == "2"


def test_a_root_path_that_the_server_puts_there(tmp_path: Path) -> None:
    with traced("uvicorn", tmp_path / "trace.jsonl", "--root-path", "/api") as process:
        answer = process.get("/users?x=1")
        process.wait_for_ends(1)
        (line,) = lines("curl", process.file)
        assert content(answer)["path"] == "/api/users"
        assert content(run(line, tmp_path)) == content(answer)


def test_coded_bodies(server: Server, tmp_path: Path) -> None:
    server.traced.get("/gzip", "Accept-Encoding: gzip", "X-Name: only-gzip-only")
    line = line_of_new("gzip", server.traced)
    assert "--compressed" in line
    assert run(line, tmp_path) == b'{"coded": true}' * 50


def test_what_is_sent_without_a_body_in_the_answer(server: Server, tmp_path: Path) -> None:
    server.traced.get("/x", "X-Name: only-head-only", method="HEAD")
    line = line_of_new("head", server.traced)
    assert run(line, tmp_path).startswith(b"HTTP/1.1 200")


def test_websockets(captured: Path) -> None:
    found = lines("curl", captured, "type:websocket")
    assert [line.split()[0] for line in found] == ["#", "curl", "curl"]
    assert "/talk: a WebSocket, whose conversation curl cannot hold" in found[0]


def test_one_line_a_connection_and_none_of_the_lifespan(captured: Path) -> None:
    found = lines("curl", captured)
    assert len(found) == 14
    assert all(line.isprintable() for line in found)


def only(records: Iterator[Record], folder: Path) -> list[str]:
    return lines("curl", written(folder, [*records, EndRecord(conn="p.1", n=4, t_us=30, outcome="returned")]))


def test_a_body_that_was_cut_is_said_and_sent_as_far_as_it_goes(tmp_path: Path) -> None:
    comment, line = only(asked(method="POST", body=Truncated(1000, b"head")), tmp_path)
    assert comment == "# the body is truncated in the trace: only 4 of its 1000 bytes are sent"
    assert line.endswith("--data-raw head http://127.0.0.1:8000/")


def test_headers_that_cannot_be_sent_are_left_out(tmp_path: Path) -> None:
    headers = [
        (b"x-break", b"a\r\nx-other: b"),
        (b"@/etc/passwd", b""),
        (b"x nul", b"1"),
        (b"x-nul", b"\0"),
        (b"authorization", Parts((b"Bearer ", Redacted(20)))),
    ]
    *comments, line = only(asked(headers), tmp_path)
    assert "etc" not in line
    assert "x-other" not in line
    assert "-H 'authorization: Bearer <redacted>'" in line
    assert len(comments) == 5


def test_what_is_withheld_is_said_in_one_line(tmp_path: Path) -> None:
    secret = Parts((b"x=", Redacted(20)))
    headers = [(b"authorization", secret), (b"cookie", secret), (b"cookie", secret)]
    comment, line = only(asked(headers, method="POST", body=secret, raw_path=secret, query_string=secret), tmp_path)
    assert comment == (
        "# withheld, so not sent as it was: the path, the query, authorization, cookie, the body "
        "(--no-redact gives all that the trace has)"
    )
    assert "-H 'authorization: x=<redacted>'" in line


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ({"scheme": "https", "headers": [(b"host", b"a.example")]}, "--http1.1"),
        ({"scheme": "https", "http_version": "2", "headers": [(b"host", b"a.example")]}, "--http2 "),
        ({"scheme": "https", "http_version": "3", "headers": [(b"host", b"a.example")]}, "--http3"),
        ({"server": ("/run/it's.sock", None)}, "--unix-socket '/run/it'\"'\"'s.sock'"),
        ({"server": ("/run/\x1b.sock", None)}, "--unix-socket \"$(printf '/run/\\033.sock')\""),
        ({"headers": [(b"host", b"$(id)")]}, "-H 'host: $(id)'"),
        ({"server": ("10.0.0.7", 80), "headers": [(b"host", b"shop.example:8443")]}, "http://shop.example:8443/"),
        ({"server": ("0.0.0.0", 80), "host": None}, "http://127.0.0.1:80/"),
    ],
)
def test_where_and_how(scope: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in only(asked(**scope), tmp_path)[-1]


def test_a_method_that_is_none_has_no_command(tmp_path: Path) -> None:
    (line,) = only(asked(method="GET\n; rm -rf /"), tmp_path)
    assert line.startswith("# ")


def test_a_binary_body_is_piped(tmp_path: Path) -> None:
    (line,) = only(asked(method="POST", body=OCTETS), tmp_path)
    assert line.startswith(f"printf %s {base64.b64encode(OCTETS).decode()} | base64 -d | curl ")
    assert "--data-binary @-" in line
