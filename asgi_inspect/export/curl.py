"""A curl command a connection, for a POSIX shell: the same request, headers and bytes, to the same server.

curl adds headers of its own; those that the client did not send are taken out (`-H 'Accept:'`). A header file or a body file
is never named: no `@` of a trace gets where curl would read a file.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from . import Call, Options
from ._command import Request, lines
from ._shell import fits_a_word, word, writing

SUMMARY = "a curl command a request, to paste into a shell"

_WAITS_FOR_LEAVE: Final = 1 << 20  # bytes: with more, curl sends `Expect: 100-continue`
_OWN: Final = (b"accept", b"user-agent")
_GLOBS: Final = re.compile(r"[\[\]{}]")


def export(calls: Iterable[Call], options: Options) -> Iterator[str]:
    """The commands, one a line; what has none is a comment."""
    return lines(calls, command, "curl")


def command(request: Request) -> str:
    """The command that sends this."""
    body = b"" if request.method == "HEAD" else request.body
    piped = not fits_a_word(body)
    with_data = bool(body) or (request.says_it_is_empty and request.method != "HEAD")
    words = ["curl", *_version(request), *_way(request, with_data), *_headers(request, body, with_data)]
    if with_data:
        words += ["--data-binary", "@-"] if piped else ["--data-raw", word(body)]
    if request.coded:
        words.append("--compressed")
    words.append(word(request.address.url.encode()))
    made = " ".join(words)
    return f"{writing(body)} | {made}" if piped else made


def _version(request: Request) -> Iterator[str]:
    over_tls = request.address.scheme == "https"
    match request.http_version:
        case "1.0":
            yield "--http1.0"
        case "1.1" if over_tls:  # where curl would else speak HTTP/2
            yield "--http1.1"
        case "2":
            yield "--http2" if over_tls else "--http2-prior-knowledge"
        case "3":
            yield "--http3"


def _way(request: Request, with_data: bool) -> Iterator[str]:
    """The method, and what keeps curl from changing the URL."""
    address = request.address
    if request.method == "HEAD":
        yield "--head"
    elif request.method != ("POST" if with_data else "GET"):
        yield f"-X {word(request.method.encode())}"
    if _GLOBS.search(address.target):
        yield "--globoff"
    if address.has_dots:
        yield "--path-as-is"
    if not address.target.startswith("/"):
        yield f"--request-target {word(address.target.encode())}"
    if address.socket is not None:
        yield f"--unix-socket {word(address.socket.encode('utf-8', 'surrogateescape'))}"


def _headers(request: Request, body: bytes, with_data: bool) -> Iterator[str]:
    for header in request.headers:
        colon = b": " + header.value if header.value.strip() else b";"  # curl's way to send one that is empty
        yield f"-H {word(header.name + colon)}"
    unwanted = [name for name in _OWN if not request.has(name)]
    if with_data and not request.has(b"content-type"):
        unwanted.append(b"content-type")
    if request.has_no_host:
        unwanted.append(b"Host")  # curl knows it by this spelling alone
    if len(body) >= _WAITS_FOR_LEAVE and not request.has(b"expect"):
        unwanted.append(b"expect")
    for name in unwanted:
        yield f"-H {word(name + b':')}"
