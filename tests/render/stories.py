"""The conversations of `talks`, each connection told as a page.

`python -m tests.render.stories` writes that to `pages/`, where the tests read it: look at the difference before you keep it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from asgi_inspect.render import ViewOptions
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.render.story import story
from asgi_inspect.trace.connection import proc_of
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import Record
from tests.render.talks import TALKS, Stream

CASES: Final[list[tuple[str, int]]] = [
    *((name, 80) for name in TALKS if name != "remarks"),
    *((name, 160) for name in ("post", "upload", "websocket", "errors", "layers", "hostile")),
]
OPTIONS: Final = ViewOptions(utc=True, max_lines=20)


def told(records: list[Record], width: int | None, options: ViewOptions = OPTIONS, encoding: str = "utf-8") -> str:
    """The pages of all connections of these records, without colour."""
    fold = Fold()
    for record in records:
        fold.feed(record)
    stream = Stream(encoding)
    printer = Printer(make_console(stream, "never", {}, width), stream.write)  # type: ignore[arg-type]
    for connection in fold.connections.values():
        gone = fold.exits.get(proc_of(connection.conn))
        printer.print(story(connection, fold.process_of(connection.conn), options, gone=gone))
        stream.write("\n")
    return stream.text


def expected_file(name: str, width: int) -> Path:
    return Path(__file__).parent / "pages" / f"{name}.{width}.txt"


def outputs() -> Iterator[tuple[Path, str]]:
    """Each case's file and what it should hold."""
    for name, width in CASES:
        yield expected_file(name, width), told(TALKS[name](), width)


if __name__ == "__main__":
    for file, output in outputs():
        file.write_text(output, encoding="utf-8")
