"""What is fuzzed: values of any kind, and the law that must hold for each.

A target is a strategy and a law; the law raises where it is broken. The same targets run short in `make test`, long in
`make fuzz`, by hypothesis alone or led by atheris. Values are bytes, text and nests of builtins, so that each that breaks a law
can be written down (`source_of`) and kept in `found.py`.
"""

import io
import json
import math
import unicodedata
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson
from hypothesis import strategies as st
from rich.cells import cell_len

from asgi_inspect.capture.lines import message_json
from asgi_inspect.convert import convert_bytes_to_str, decode, encode
from asgi_inspect.errors import NotATraceError
from asgi_inspect.render import ViewOptions
from asgi_inspect.text import safe, safe_json
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.views import Body, Room, show
from tests import values
from tests.fuzz import redacting
from tests.render.talks import TALKS, shown


class Target(NamedTuple):
    """values: what it is given; law: raises for a value that breaks it."""

    values: st.SearchStrategy[Any]
    law: Callable[[Any], None]


# --- values as they are shown and kept -----------------------------------------------------------------------------------

anything = values.builtins | values.messages | values.wrong_messages


def convert_law(value: Any) -> None:
    """Plain data that JSON can say, with and without a limit; nothing raised."""
    json.dumps(convert_bytes_to_str(value))
    json.dumps(convert_bytes_to_str(value, limit=3))


def encode_law(value: Any) -> None:
    """It comes back as it was; under bounds it is still JSON; the hot path writes the same bytes."""
    tree = encode(value)
    assert values.same(value, decode(json.loads(json.dumps(tree)))), "it does not come back"
    assert encode(decode(tree)) == tree or _has_nan(tree), "written again, it is another"
    bounded = encode(value, body_room=2, value_limit=4, max_nodes=5)
    orjson.dumps(encode(decode(bounded)))
    assert orjson.loads(message_json(value, None)) == orjson.loads(json.dumps(_kept(value))), "the hot path differs"


def _has_nan(tree: Any) -> bool:
    return any(isinstance(x, float) and math.isnan(x) for x in _leaves(tree))


def _leaves(tree: Any) -> Any:
    if isinstance(tree, dict):
        for member in tree.values():
            yield from _leaves(member)
    elif isinstance(tree, list):
        for member in tree:
            yield from _leaves(member)
    else:
        yield tree


def _kept(value: Any) -> Any:
    return encode(value, body_room=1 << 62, value_limit=65_536, max_nodes=2_000)


_TAGS: Final = (
    "base64",
    "bytes",
    "bytearray",
    "memoryview",
    "str",
    "float",
    "int",
    "text",
    "map",
    "set",
    "object",
    "cycle",
)
_MORE_TAGS: Final = ("truncated", "redacted", "parts", "unknown")
tagged = st.sampled_from([f"${tag}" for tag in (*_TAGS, *_MORE_TAGS)])
trees: st.SearchStrategy[Any] = st.recursive(
    values.json_values | st.sampled_from(["//8=", "nan", "9" * 30, "\\ud800"]),
    lambda inner: (
        st.builds(lambda tag, content: {tag: content}, tagged, inner)
        | st.lists(inner, max_size=3)
        | st.dictionaries(
            values.texts | tagged | st.sampled_from(["size", "head", "headers", "body"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def decode_law(tree: Any) -> None:
    """Whatever the JSON, it is decoded, and what came of it is written as JSON that gives the same again."""
    value = decode(tree)
    again = encode(value)
    orjson.dumps(again)
    assert encode(decode(again)) == again or _has_nan(again), "written again, it is another"
    convert_law(value)


# --- text and bodies on a terminal ---------------------------------------------------------------------------------------

NASTY: Final = [
    "\x1b[31m",
    "\x1b]8;;x\x07",
    "\x9b",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ud800",
    "\r",
    "\n",
    "\x07",
    "[red]",
    "👩‍👩",
]
nasty_texts = st.lists(values.texts | st.sampled_from(NASTY), max_size=5).map("".join)
nasty_octets = nasty_texts.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40)


def dangerous(text: str) -> set[str]:
    """What a terminal could obey, or what hides or reorders."""
    bad = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return bad - {"\n", "\u200c", "\u200d"}


def text_law(text: str) -> None:
    """Nothing that a terminal obeys is left; JSON stays the same JSON."""
    assert not dangerous(safe(text)), "not safe"
    assert "\n" not in safe(text), "a line break"
    assert not dangerous(safe(text, newlines=True)), "not safe"
    assert safe(safe(text)) == safe(text), "not the same a second time"
    document = json.dumps(text, ensure_ascii=False)
    assert not dangerous(safe_json(document)), "JSON that is not safe"
    assert json.loads(safe_json(document)) == json.loads(json.dumps(text)), "other JSON"


_TYPES: Final = [
    *(
        "application/json",
        "application/x-ndjson",
        "text/event-stream",
        "text/plain; charset=utf-7",
        "text/html; charset=x",
    ),
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "image/png",
        "application/xml",
        "x",
        "\x1b",
    ),
]
_PIECES: Final = [
    *(b'{"a":', b"[1,", b"}", b'"', b"\\u12", b"data: x\n\n", b"a=b&", b"%zz", b"--b\r\n", b"--b--", b"\r\n\r\n"),
    *(
        b'Content-Disposition: form-data; name="a"\r\n',
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\x1f\x8b\x08\x00",
    ),
]
bodies = st.fixed_dictionaries(
    {
        "data": st.lists(st.sampled_from(_PIECES) | nasty_octets, max_size=8).map(b"".join),
        "missing": st.integers(-1, 9),
        "type": st.none() | st.sampled_from(_TYPES) | nasty_texts,
        "lines": st.none() | st.integers(1, 5),
        "width": st.integers(1, 100),
    }
)


def views_law(body: dict[str, Any]) -> None:
    """Some view shows it, in no more lines than there is room for."""
    data = body["data"]
    made = show(Body(data, len(data) + body["missing"], body["type"]), Room(body["lines"], body["width"]))
    assert all(isinstance(text, str) for line in made.lines for text, _ in line)
    # One more, if it is the last: to say that it is missing would be no shorter.
    assert body["lines"] is None or len(made.lines) <= body["lines"] + 1, "too many lines"


# --- traces --------------------------------------------------------------------------------------------------------------

_LINES: Final = [encode_record(record).rstrip(b"\n") + b"\n" for talk in TALKS.values() for record in talk()[:12]]
_RUBBISH: Final = [
    b'{"record":"',
    b"\0" * 40,
    b"\n",
    b'"',
    b"}",
    b'{"$redacted":',
    b"\xff",
    b'"n":-1',
    b"1e999",
    b'{"$parts":[',
]


@st.composite
def traces(draw: st.DrawFn) -> bytes:
    """Real lines: flipped, cut, spliced, doubled, and rubbish between."""
    trace = bytearray(b"".join(draw(st.lists(st.sampled_from(_LINES), min_size=1, max_size=6))))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(trace)))
        match draw(st.sampled_from(["cut", "flip", "insert", "drop", "double"])):
            case "cut":
                del trace[at:]
            case "flip":
                trace[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                trace[at:at] = draw(st.binary(max_size=20) | st.sampled_from(_RUBBISH))
            case "drop":
                del trace[at : at + draw(st.integers(1, 60))]
            case _:
                trace[at:at] = trace[at : at + draw(st.integers(1, 300))]
    return bytes(trace)


def reader_law(trace: bytes) -> None:
    """All is read, or said; what was read can be written, and is the same when it is read again."""
    damages: list[Damage] = []
    try:
        records = list(read_trace(io.BytesIO(trace), on_damage=damages.append))
    except NotATraceError:
        return
    assert len(damages) <= trace.count(b"\n") + 1 + trace.count(b'{"record":"'), "more damage than lines"
    if records:
        written = b"".join(encode_record(record).rstrip(b"\n") + b"\n" for record in records)
        again = list(read_trace(io.BytesIO(written), on_damage=_no_damage))
        assert [encode_record(record) for record in again] == [encode_record(record) for record in records]


def _no_damage(damage: Damage) -> None:
    raise AssertionError(f"what was read cannot be read again: {damage}")


def renderer_law(trace: bytes) -> None:
    """Whatever was read is shown, safely, and no wider than the screen."""
    try:
        records = list(read_trace(io.BytesIO(trace), on_damage=lambda damage: None))
    except NotATraceError:
        return
    for name in ("pretty", "compact"):
        output = shown(records, name, 80, ViewOptions(utc=True, max_lines=20))
        assert not dangerous(output), "not safe"
        assert all(cell_len(line) <= 80 for line in output.splitlines()), "too wide"


TARGETS: Final[dict[str, Target]] = {
    "convert_bytes_to_str": Target(anything, convert_law),
    "encode": Target(anything, encode_law),
    "decode": Target(trees, decode_law),
    "text": Target(nasty_texts, text_law),
    "views": Target(bodies, views_law),
    "reader": Target(traces(), reader_law),
    "renderer": Target(traces(), renderer_law),
    "redaction": Target(redacting.anything, redacting.whole_law),
    "redaction of bodies": Target(redacting.bodies, redacting.bodies_law),
    "redaction of scopes": Target(redacting.scopes, redacting.scopes_law),
}


def source_of(value: Any) -> str:
    """A value as the Python that makes it."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value!r}")'
    if isinstance(value, memoryview):
        return f"memoryview({value.obj!r})"
    if isinstance(value, dict) and type(value) is dict:
        return "{" + ", ".join(f"{source_of(key)}: {source_of(member)}" for key, member in value.items()) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(source_of, value)) + "]"
    if type(value) is tuple:
        return "(" + "".join(f"{source_of(member)}, " for member in value) + ")"
    if type(value) in (set, frozenset):
        return f"{type(value).__name__}([{', '.join(map(source_of, value))}])"
    return repr(value)
