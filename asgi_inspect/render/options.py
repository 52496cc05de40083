"""What a view shows, as its caller wishes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """How much is shown of each connection, and how.

    show_scope: the scope of each connection, below its head line.
    show_body: bodies and WebSocket texts; without, their sizes only.
    utc: times in UTC; otherwise in local time.
    max_lines: how many screen lines a scope, a list of headers or a body may take; None: all of it.
    library_frames: tracebacks with every frame; otherwise those of libraries are folded.
    hint: the command that shows all of a connection, said where lines are left out; `{conn}` is its id. None: none.
    """

    show_scope: bool = True
    show_body: bool = True
    utc: bool = False
    max_lines: int | None = 50
    library_frames: bool = False
    hint: str | None = "asgi-inspect show --conn {conn}"
