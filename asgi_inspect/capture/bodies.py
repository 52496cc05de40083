"""What the limits of bodies need to know of a message: its type, its size, whether it begins a stream of events."""

from typing import Any, Final

from ..look import dict_behind, exact_str, octets_size

_VIEWS: Final[tuple[type, ...]] = (type({}.items()), type({}.values()))


def type_of(message: Any) -> str | None:
    """The `type` of a message or a scope, if it is a str."""
    found: Any = message.get("type") if type(message) is dict else _get(message, "type")
    if type(found) is str:
        return found
    return exact_str(found) if issubclass(type(found), str) else None


def body_size(message: Any) -> int:
    """The size in bytes of `body`; 0 for what is no string."""
    body: Any = message.get("body") if type(message) is dict else _get(message, "body")
    t = type(body)
    if t is bytes:
        return len(body)
    if issubclass(t, (bytes, bytearray)) or t is memoryview:
        try:
            return octets_size(body)
        except ValueError:  # a memoryview that was released
            return 0
    if issubclass(t, str):  # a bug of the application's; where it is kept, it is kept as UTF-8
        text = exact_str(body)
        return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return 0


def is_event_stream(message: Any) -> bool:
    """Whether a response is a stream of events: each is a message of its own, as on a WebSocket."""
    headers: Any = message.get("headers") if type(message) is dict else _get(message, "headers")
    t = type(headers)
    if t is not list and t is not tuple and not any(t is view for view in _VIEWS):
        return False
    for pair in headers:
        if (type(pair) is tuple or type(pair) is list) and len(pair) == 2:
            name, value = pair
            if type(name) is bytes and type(value) is bytes and name.lower() == b"content-type":
                return value.lower().startswith(b"text/event-stream")
    return False


def _get(message: Any, key: str) -> Any:
    whole = dict_behind(message, type(message))
    return None if whole is None else dict.get(whole, key)
