"""What is fuzzed of redaction: nothing raises, and a secret in a place where it belongs leaves no trace of itself."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote_plus

import orjson
from hypothesis import strategies as st

from asgi_inspect.convert import decode, encode
from asgi_inspect.redaction.connection import ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from tests import values

SECRET: Final = "q7Zk3xN9vT2mLw8RbY4s"
_WINDOW: Final = 5  # characters: no more of it may be left in one piece
_KEY: Final = b"k" * 32
_NAMES: Final = [
    "password",
    "Password",
    "access_token",
    "client_secret",
    "api_key",
    "refreshToken",
    "user[password]",
    "X-Api-Key",
]
_TYPES: Final = ["json", "form", "multipart", "websocket text", "websocket bytes"]


def connection() -> ConnectionRedaction:
    """One with the default names."""
    return ConnectionRedaction(Redaction(Names(), _KEY))


def nothing_left(tree: Any) -> None:
    """Neither the secret nor a piece of it."""
    text = json.dumps(tree, ensure_ascii=False)
    pieces = [SECRET[at : at + _WINDOW] for at in range(len(SECRET) - _WINDOW + 1)]
    assert not [piece for piece in pieces if piece in text], "a piece of the secret is left"


# --- anything ------------------------------------------------------------------------------------------------------------

anything = st.tuples(
    values.messages | values.wrong_messages | values.builtins, st.lists(values.wrong_messages, max_size=3)
)


def whole_law(case: tuple[Any, list[Any]]) -> None:
    """Whatever passes, what is kept of it is JSON, which can be read."""
    scope, messages = case
    one = connection()
    kept = [one.scope(encode(scope)), *(clean(encode(x)) for x in messages for clean in (one.receive, one.send))]
    for tree in kept:
        orjson.dumps(tree)
        encode(decode(tree))


# --- bodies --------------------------------------------------------------------------------------------------------------

bodies = st.fixed_dictionaries(
    {
        "type": st.sampled_from(_TYPES),
        "before": st.dictionaries(values.texts, values.texts, max_size=2),
        "name": st.sampled_from(_NAMES),
        "escaped": st.none() | st.integers(0, 7),
        "around": st.sampled_from(["", "\n", "é", '"', "\\", "a b&c=d;"]),
        "nested": st.booleans(),
        "cuts": st.lists(st.integers(0, 300), max_size=5),
        "truncated": st.none() | st.integers(0, 60),
    }
)


def bodies_law(case: dict[str, Any]) -> None:
    """However a body is written and cut into chunks, received or sent, the secret is not in what is kept of it."""
    data = _written(case)
    cuts = sorted({0, len(data), *(cut for cut in case["cuts"] if cut < len(data))})
    for side in ("receive", "send"):
        one = connection()
        kept = list(_messages(one, side, case, [data[begin:end] for begin, end in pairwise(cuts)]))
        nothing_left(kept)


def _messages(one: ConnectionRedaction, side: str, case: dict[str, Any], chunks: list[bytes]) -> Iterator[Any]:
    headers = [(b"content-type", _CONTENT_TYPES.get(case["type"], "text/plain").encode())]
    if case["type"].startswith("websocket"):
        data = b"".join(chunks)
        passed = {"text": data.decode("utf-8", "replace")} if case["type"] == "websocket text" else {"bytes": data}
        one.scope(encode({"type": "websocket", "path": "/", "headers": []}))
        yield _kept(one, side, {"type": f"websocket.{side}", **passed}, case)
        return
    one.scope(encode({"type": "http", "path": "/", "headers": headers}))
    if side == "send":
        one.send(encode({"type": "http.response.start", "status": 200, "headers": headers}))
    kind = "http.request" if side == "receive" else "http.response.body"
    for index, chunk in enumerate(chunks):
        yield _kept(one, side, {"type": kind, "body": chunk, "more_body": index < len(chunks) - 1}, case)


def _kept(one: ConnectionRedaction, side: str, message: dict[str, Any], case: dict[str, Any]) -> Any:
    tree = encode(message, body_room=case["truncated"])
    return one.receive(tree) if side == "receive" else one.send(tree)


_CONTENT_TYPES: Final = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=bound",
}


def _written(case: dict[str, Any]) -> bytes:
    secret = f"{case['around']}{SECRET}{case['around']}"
    match case["type"]:
        case "form":
            pairs = [*case["before"].items(), (case["name"], secret), ("rest", "1")]
            text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
        case "multipart":
            pairs = [
                *((f"n{index}", value) for index, value in enumerate(case["before"].values())),
                (case["name"], secret),
            ]
            text = "".join(_part(name, value) for name, value in pairs) + "--bound--\r\n"
        case _:
            value = {"deep": [secret]} if case["nested"] else secret
            text = json.dumps({**case["before"], "@": value, "rest": 1}, ensure_ascii=case["nested"])
            text = text.replace('"@"', f'"{_escaped(case)}"')
    return text.encode("utf-8", "surrogatepass")


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


def _part(name: str, value: str) -> str:
    return f'--bound\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def _escaped(case: dict[str, Any]) -> str:
    """The name as JSON may write it."""
    name = str(case["name"])
    if case["escaped"] is None:
        return name
    at = case["escaped"] % len(name)
    return f"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}"


# --- scopes --------------------------------------------------------------------------------------------------------------

_CARRIERS: Final = [
    *(("authorization", f"Bearer {SECRET}"), ("Authorization", f"Basic {SECRET}"), ("proxy-authorization", SECRET)),
    *(("cookie", f"a=b; sid={SECRET}"), ("x-api-key", SECRET), ("X-Auth-Token", SECRET), ("x-csrf-token", SECRET)),
    *(("referer", f"https://u:{SECRET}@h/x?token={SECRET}"), ("x-any", f"Bearer {SECRET}")),
]
scopes = st.fixed_dictionaries(
    {
        "carriers": st.lists(st.sampled_from(_CARRIERS), max_size=3),
        "others": st.lists(values.pairs, max_size=2),
        "name": st.none() | st.sampled_from(_NAMES[:5]),
        "before": values.texts,
        "type": st.sampled_from(["http", "websocket"]),
        "as_list": st.booleans(),
    }
)


def scopes_law(case: dict[str, Any]) -> None:
    """In headers and in the query nothing is left, nor in a response that sets it as a cookie or sends it along."""
    carried = [(name.encode(), value.encode()) for name, value in case["carriers"]]
    headers = [list(pair) if case["as_list"] else pair for pair in (*case["others"], *carried)]
    query = b"" if case["name"] is None else f"{_quoted(case['before'])}=1&{case['name']}={SECRET}".encode()
    one = connection()
    scope = {"type": case["type"], "path": "/", "headers": headers, "query_string": query}
    nothing_left(one.scope(encode(scope)))
    answer = [(b"set-cookie", f"sid={SECRET}; Path=/".encode()), (b"location", b"/?token=" + SECRET.encode())]
    nothing_left(one.send(encode({"type": "http.response.start", "status": 302, "headers": answer})))
