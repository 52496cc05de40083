"""All conversations, and what the views make of them.

`python -m tests.render.talks` writes that to `expected/`, where the tests read it: look at the difference before you keep it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from asgi_inspect.render import Format, ViewOptions, make_view
from asgi_inspect.render.console import Printer, make_console
from asgi_inspect.trace.records import Record
from tests.render.everyday import events, forms, get, lifespan, post, statuses, stream, upload, websocket
from tests.render.troubles import big, errors, hostile, interleaved, layers, left, odd, remarks, workers

TALKS: Final[dict[str, Callable[[], list[Record]]]] = {
    talk.__name__: talk
    for talk in (
        lifespan,
        get,
        post,
        forms,
        upload,
        stream,
        events,
        statuses,
        websocket,
        errors,
        left,
        remarks,
        workers,
        interleaved,
        layers,
        hostile,
        big,
        odd,
    )
}

CASES: Final[list[tuple[str, Format, int]]] = [
    *((name, "pretty", 80) for name in TALKS),
    *((name, "pretty", 120) for name in ("get", "post", "upload", "websocket", "errors", "layers", "hostile")),
    *((name, "compact", 80) for name in TALKS),
    *((name, "compact", 120) for name in ("post", "websocket", "errors", "hostile")),
]
OPTIONS: Final = ViewOptions(utc=True, max_lines=20)


class Stream:
    """A stream that is no terminal, with an encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding
        self.text = ""

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def shown(
    records: list[Record], name: Format, width: int | None, options: ViewOptions = OPTIONS, encoding: str = "utf-8"
) -> str:
    """What a view prints for the records, without colour."""
    stream = Stream(encoding)
    printer = Printer(make_console(stream, "never", {}, width), stream.write)  # type: ignore[arg-type]
    view = make_view(name, options)
    for record in records:
        printer.print(view.feed(record))
    printer.print(view.finish())
    return stream.text


def expected_file(name: str, form: Format, width: int) -> Path:
    return Path(__file__).parent / "expected" / f"{name}.{form}.{width}.txt"


def outputs() -> Iterator[tuple[Path, str]]:
    """Each case's file and what it should hold."""
    for name, form, width in CASES:
        yield expected_file(name, form, width), shown(TALKS[name](), form, width)


if __name__ == "__main__":
    for file, output in outputs():
        file.write_text(output, encoding="utf-8")
