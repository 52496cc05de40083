"""The one palette: what each name of a style looks like. Colour goes by meaning, and nothing is said by colour alone.

The colours of the connections are of middle brightness, so that they read on dark and on light terminals; the others are
the sixteen that a terminal's own theme defines.
"""

from collections.abc import Mapping
from typing import Final

from rich.style import Style

_CONNECTIONS: Final = (
    "color(33)",
    "color(166)",
    "color(135)",
    "color(36)",
    "color(168)",
    "color(136)",
    "color(71)",
    "color(67)",
)

_STYLES: Final[Mapping[str, str]] = {
    "": "",
    "quiet": "dim",
    "remark": "dim",
    "time": "dim",
    "method": "bold",
    "path": "bold",
    "query": "",
    "type": "",
    "section": "bold",
    "layer": "italic",
    "receive": "bold blue",
    "send": "bold magenta",
    "size": "dim",
    "status.1": "cyan",
    "status.2": "green",
    "status.3": "cyan",
    "status.4": "yellow",
    "status.5": "bold red",
    "good": "green",
    "warning": "yellow",
    "info": "cyan",
    "error": "bold red",
    "mark": "italic yellow",
    "header.name": "cyan",
    "header.value": "",
    "field.name": "cyan",
    "text": "",
    "json.key": "cyan",
    "json.string": "green",
    "json.number": "magenta",
    "json.word": "magenta",
    "json.punctuation": "dim",
    "hex.offset": "dim",
    "hex.digits": "",
    "hex.ascii": "green",
    "frame": "bold",
    "frame.library": "dim",
    "source": "",
    **{f"conn.{number}": style for number, style in enumerate(_CONNECTIONS)},
}

CONNECTION_STYLES: Final = tuple(f"conn.{number}" for number in range(len(_CONNECTIONS)))

PALETTE: Final[Mapping[str, Style]] = {name: Style.parse(style) for name, style in _STYLES.items()}
