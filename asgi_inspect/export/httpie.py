"""An HTTPie command a connection, for a POSIX shell: the same method, URL, headers and body.

What HTTPie would take for something else than a header (`Name:=value` is JSON, `Name:@file` a file) is escaped by its own
rule; what that rule has no way to say is left out, with a comment. HTTPie percent-encodes more of a URL than a client must.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from . import Call, Options
from ._command import Request, lines
from ._exchange import Header
from ._shell import comment, fits_a_word, word, writing

SUMMARY = "an HTTPie command a request, to paste into a shell"

_METHOD: Final = re.compile(r"[A-Za-z]{1,100}", re.ASCII)
_OWN: Final = (b"accept", b"accept-encoding", b"connection", b"user-agent")
# What follows a backslash that HTTPie takes away.
_ESCAPED: Final = re.compile(rb"\\[:;=@]")


def export(calls: Iterable[Call], options: Options) -> Iterator[str]:
    """The commands, one a line; what has none is a comment."""
    return lines(calls, command, "HTTPie")


def command(request: Request) -> str:
    """The command that sends this."""
    address = request.address
    if not _METHOD.fullmatch(request.method) or not address.target.startswith("/") or address.socket is not None:
        return comment(f"{address.url}: a method, a target or a Unix socket for which HTTPie has no words")
    body = b"" if request.method == "HEAD" else request.body
    piped = not fits_a_word(body)
    words = ["http"] if piped else ["http", "--ignore-stdin"]
    if address.has_dots:
        words.append("--path-as-is")
    if request.has(b"transfer-encoding"):
        words.append("--chunked")
    if body and not piped:
        words.append(f"--raw={word(body)}")
    words += [request.method, word(address.url.encode()), *_headers(request, body)]
    made = f"{writing(body)} | {' '.join(words)}" if piped else " ".join(words)
    left_out = ", ".join(header.name.decode() for header in request.headers if not _can_be_said(header))
    return f"{comment(f'left out, as HTTPie has no words for it: {left_out}')}\n{made}" if left_out else made


def _can_be_said(header: Header) -> bool:
    """Whether HTTPie has a way to write this header: as text, and with no backslash that would go."""
    try:
        header.value.decode()
    except UnicodeDecodeError:
        return False
    return not _ESCAPED.search(header.value)


def _headers(request: Request, body: bytes) -> Iterator[str]:
    for header in request.headers:
        if _can_be_said(header) and header.name.lower() != b"transfer-encoding":
            yield word(_item(header.name, header.value))
    unwanted = [name for name in _OWN if not request.has(name)]
    if body and not request.has(b"content-type"):
        unwanted.append(b"content-type")
    yield from (word(name + b":") for name in unwanted)


def _item(name: bytes, value: bytes) -> bytes:
    if not value.strip():
        return name + b";"
    return name + b":" + (b"\\" + value if value[:1] in (b"=", b"@") else value)
