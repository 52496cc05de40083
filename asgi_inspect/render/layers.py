"""Inner layers: how far in a layer stands, what it is called, and what it was given in another scope than the one around it."""

from typing import Any

from ..trace.connection import Connection
from ..views.spans import Line, Own
from .fields import data

_DEEPEST = 12  # levels that are drawn


def depth_of(layer: int, connection: Connection) -> int:
    """How many layers there are around this one."""
    depth = 0
    while layer and depth < _DEEPEST:
        depth += 1
        record = connection.layers.get(layer)
        layer = 0 if record is None else record.inside or 0
    return depth


def layer_name(layer: int, connection: Connection) -> Line:
    """The name that its record gives it, else its number."""
    record = connection.layers.get(layer)
    name = None if record is None else record.name
    return data(name, "layer", 100) if name else [(Own(f"layer {layer}"), "layer")]


def changed_keys(inner: Any, outer: Any) -> Any:
    """What a layer's scope holds that the one around it does not, or not so; all of it where they cannot be compared."""
    if type(inner) is not dict or type(outer) is not dict:
        return inner
    return {key: value for key, value in inner.items() if key not in outer or outer[key] != value}
