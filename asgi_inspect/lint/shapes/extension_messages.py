"""The fields of the messages that extensions bring: push, zero copy send, path send, early hints, trailers, debug."""

import ntpath
import posixpath
import re
from typing import Any, Final

from ...values import Foreign
from ..kinds import KEPT_BACK, is_int, no_bool, no_str
from ..shape import MISSING, Row

_PUSH: Final = ("send http.response.push",)
_ZEROCOPY: Final = ("send http.response.zerocopysend",)
_PATHSEND: Final = ("send http.response.pathsend",)
_HINT: Final = ("send http.response.early_hint",)
_TRAILERS: Final = ("send http.response.trailers",)
_DEBUG: Final = ("send http.response.debug",)
_ENCODED: Final = re.compile("%[0-9A-Fa-f]{2}")
_LINK: Final = re.compile(rb"\s*<[^<>]*>[^\r\n\x00]*")
# What has no descriptor, by the names under which a trace knows it.
_WITHOUT_DESCRIPTOR: Final = frozenset(
    {"_io.BytesIO", "_io.StringIO", "io.BytesIO", "io.StringIO", "pathlib.PosixPath"}
)


def _is_missing_or_no_str(value: Any) -> bool:
    return value is MISSING or no_str(value)


def _is_no_path(value: Any) -> bool:
    return isinstance(value, str) and (not value.startswith("/") or _ENCODED.search(value) is not None)


def _has_no_descriptor(value: Any) -> bool:
    if isinstance(value, Foreign):
        return value.tag == "$object" and value.content in _WITHOUT_DESCRIPTOR
    return not isinstance(value, KEPT_BACK)  # an int too: what is asked for is an object with `fileno()`


def _is_no_count(value: Any) -> bool:
    return not is_int(value) or value < 0


def _is_relative(value: Any) -> bool:
    # The trace may be of another machine: what is absolute on any system is right.
    return isinstance(value, str) and not (posixpath.isabs(value) or ntpath.isabs(value))


def _are_no_links(value: Any) -> bool:
    return value in (MISSING, None) or isinstance(value, str | bytes | bytearray | memoryview | int | float | dict)


def _has_no_bytes(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and any(map(_is_no_link_at_all, value))


def _is_no_link_at_all(value: Any) -> bool:
    if isinstance(value, Foreign):
        return value.tag == "$object"
    return not isinstance(value, (bytes, bytearray, memoryview, *KEPT_BACK))


def _has_no_link(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and any(
        isinstance(link, bytes) and _LINK.fullmatch(link) is None for link in value
    )


def _is_no_info(value: Any) -> bool:
    return not isinstance(value, (dict, *KEPT_BACK)) or (
        isinstance(value, dict) and not all(isinstance(key, str) for key in value)
    )


ROWS: Final = (
    Row(
        "X301",
        "push-path",
        "error",
        "application",
        "extensions.push",
        on=_PUSH,
        field="path",
        missing=True,
        by_type=True,
        bad=_is_missing_or_no_str,
        says="`path` of `http.response.push` is {value}, where a str belongs.",
        what="What is to be pushed has no `path`, or one that is no str.",
        why="Servers read it unasked, and raise out of `send`.",
        fix="Give `path` the decoded path as a str.",
        breaks=('{"type": "http.response.push", "path": b"/a.css", "headers": []}',),
        holds=('{"type": "http.response.push", "path": "/é", "headers": []}',),
        extension="http.response.push",
    ),
    Row(
        "X302",
        "push-path-shape",
        "warning",
        "application",
        "extensions.push",
        on=_PUSH,
        field="path",
        bad=_is_no_path,
        says="`path` of `http.response.push` is {value}: it has to begin with a slash, and to be decoded.",
        what="The path that is to be pushed does not begin with a slash, or is still percent-encoded.",
        why="The server encodes it: what is encoded already is encoded twice, and the client gets a 404.",
        fix="Give the path as it stands in `scope['path']`: decoded, with a slash in front.",
        breaks=('{"type": "http.response.push", "path": "a.css", "headers": []}',),
        holds=('{"type": "http.response.push", "path": "/a b/100%", "headers": []}',),
        extension="http.response.push",
    ),
    Row(
        "X401",
        "zerocopy-file",
        "error",
        "application",
        "extensions.zerocopysend",
        on=_ZEROCOPY,
        field="file",
        missing=True,
        bad=lambda value: value is MISSING or _has_no_descriptor(value),
        says="`file` of `http.response.zerocopysend` is {value}, which has no descriptor.",
        what="What is to be sent without a copy is no file with a descriptor of the operating system.",
        why="The server hands the descriptor to `sendfile`; without one it raises out of `send`.",
        fix="Give `file` an open binary file, or send the bytes with `http.response.body`.",
        breaks=(
            """import io

scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.zerocopysend", "file": io.BytesIO(b"x")})
""",
        ),
        holds=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file})
""",
        ),
        extension="http.response.zerocopysend",
    ),
    Row(
        "X402",
        "zerocopy-offset",
        "error",
        "application",
        "extensions.zerocopysend",
        on=_ZEROCOPY,
        field="offset",
        bad=_is_no_count,
        says="`offset` of `http.response.zerocopysend` is {value}; it has to be an int, 0 or more.",
        what="The `offset` from which a file is sent is no int of 0 or more.",
        why="`sendfile` refuses it, and the response is cut.",
        fix="Give an int of 0 or more, or leave it out to send from where the file stands.",
        breaks=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "offset": -1})
""",
        ),
        holds=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "offset": 0})
""",
        ),
        extension="http.response.zerocopysend",
    ),
    Row(
        "X403",
        "zerocopy-count",
        "error",
        "application",
        "extensions.zerocopysend",
        on=_ZEROCOPY,
        field="count",
        bad=_is_no_count,
        says="`count` of `http.response.zerocopysend` is {value}; it has to be an int, 0 or more.",
        what="The `count` of bytes that are sent of a file is no int of 0 or more.",
        why="`sendfile` refuses it, and the response is cut.",
        fix="Give an int of 0 or more, or leave it out to send the file to its end.",
        breaks=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "count": "10"})
""",
        ),
        holds=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "count": 0})
""",
        ),
        extension="http.response.zerocopysend",
    ),
    Row(
        "X404",
        "zerocopy-more-body",
        "error",
        "application",
        "extensions.zerocopysend",
        on=_ZEROCOPY,
        field="more_body",
        bad=no_bool,
        says="`more_body` of `http.response.zerocopysend` is {value}, not a bool.",
        what="`more_body` of a file that is sent is no bool.",
        why="Servers differ on what it says: some go by its truth, some take anything but True for False.",
        fix="Give True or False, or leave it out where this is the last of the body.",
        breaks=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "more_body": 0})
""",
        ),
        holds=(
            """scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    with open(__import__("os").devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "more_body": False})
""",
        ),
        extension="http.response.zerocopysend",
    ),
    Row(
        "X501",
        "pathsend-path-type",
        "error",
        "application",
        "extensions.pathsend",
        on=_PATHSEND,
        field="path",
        missing=True,
        by_type=True,
        bad=_is_missing_or_no_str,
        says="`path` of `http.response.pathsend` is {value}, where a str belongs.",
        what="The file that is to be sent has no `path`, or one that is no str. A `pathlib.Path` is none.",
        why="granian refuses the message, and the response is never completed.",
        fix="Give `str(path)`.",
        breaks=('{"type": "http.response.pathsend", "path": b"/srv/a.txt"}',),
        holds=('{"type": "http.response.pathsend", "path": "/srv/a.txt"}',),
        extension="http.response.pathsend",
    ),
    Row(
        "X502",
        "pathsend-path-relative",
        "error",
        "application",
        "extensions.pathsend",
        on=_PATHSEND,
        field="path",
        bad=_is_relative,
        says="`path` of `http.response.pathsend` is {value}, which is no absolute path.",
        what="The file that is to be sent is named by a relative path.",
        why="The server may have another working directory, or none: it sends another file, or none.",
        fix="Give an absolute path: `os.path.abspath(path)`.",
        breaks=('{"type": "http.response.pathsend", "path": "a.txt"}',),
        holds=('{"type": "http.response.pathsend", "path": "/srv/a.txt"}',),
        extension="http.response.pathsend",
    ),
    Row(
        "X601",
        "early-hint-links",
        "error",
        "application",
        "extensions.early-hint",
        on=_HINT,
        field="links",
        missing=True,
        bad=_are_no_links,
        says="`links` of `http.response.early_hint` is {value}, where an iterable of byte strings belongs.",
        what="Early hints have no `links`, or a single one in place of an iterable of them.",
        why="A byte string is an iterable of ints, so servers raise, or send nonsense.",
        fix="Give a list of byte strings, one for each link.",
        breaks=('{"type": "http.response.early_hint", "links": b"</a.css>; rel=preload"}',),
        holds=('{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}',),
        extension="http.response.early_hint",
    ),
    Row(
        "X602",
        "early-hint-link-type",
        "error",
        "application",
        "extensions.early-hint",
        on=_HINT,
        field="links",
        bad=_has_no_bytes,
        says="`links` of `http.response.early_hint` has a member that is no byte string.",
        what="A link of early hints is no byte string.",
        why="Servers write it into a header, and raise out of `send`.",
        fix="Encode each link: `b'</a.css>; rel=preload; as=style'`.",
        breaks=('{"type": "http.response.early_hint", "links": ["</a.css>; rel=preload"]}',),
        holds=('{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}',),
        extension="http.response.early_hint",
    ),
    Row(
        "X605",
        "early-hint-link-invalid",
        "error",
        "application",
        "rfc8288.link",
        on=_HINT,
        field="links",
        bad=_has_no_link,
        says="`links` of `http.response.early_hint` has a member that is no link: `<target>; rel=…` of one line.",
        what="A link of early hints has no target in angle brackets, or a line break in it.",
        why="Clients ignore what is no link; a line break would begin a header of its own.",
        fix="Write each link as `</a.css>; rel=preload; as=style`.",
        breaks=('{"type": "http.response.early_hint", "links": [b"/a.css"]}',),
        holds=('{"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]}',),
        extension="http.response.early_hint",
    ),
    Row(
        "X707",
        "more-trailers-type",
        "error",
        "application",
        "extensions.trailers",
        on=_TRAILERS,
        field="more_trailers",
        bad=no_bool,
        says="`more_trailers` of `http.response.trailers` is {value}, not a bool.",
        what="`more_trailers` is no bool.",
        why="Servers differ on what it says, and some wait for trailers that never come.",
        fix="Give True or False, or leave it out where these are the last ones.",
        breaks=(
            """scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": 0})
""",
        ),
        holds=('{"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False}',),
        extension="http.response.trailers",
    ),
    Row(
        "X801",
        "debug-info",
        "error",
        "application",
        "extensions.debug",
        on=_DEBUG,
        field="info",
        missing=True,
        bad=lambda value: value is MISSING or _is_no_info(value),
        says="`info` of `http.response.debug` is {value}, where a dict with str keys belongs.",
        what="A debug message has no `info`, or one that is no dict with str keys.",
        why="Test clients read it by name, and raise.",
        fix="Give `info` a dict with str keys; its values may be anything.",
        breaks=('{"type": "http.response.debug"}',),
        holds=('{"type": "http.response.debug", "info": {"template": object(), "k": {1: 2}}}',),
        extension="http.response.debug",
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
