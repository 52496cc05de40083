"""Where the records of an `InspectMiddleware` go: the one place that picks sinks, importing what they need at first use.

Two middlewares of one process that name the same file, or the terminal, share one sink, so that lines neither mix nor repeat.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, TextIO

from .capture.descriptor import DescriptorWriter, is_regular
from .capture.file import FileSink
from .capture.process import Sink
from .capture.queue import QueueSink
from .capture.thread import Stopping
from .options import Options, Out

_open: Final[dict[Any, Sink]] = {}
_opening: Final = threading.Lock()


def sink_for(out: Out, options: Options, first_line: Callable[[str], bytes]) -> Sink:
    """The sink for `out`, opened by the first who asks; `first_line` gives the `process` record of a file that it opens."""
    key = ("terminal", options.format) if out is None else ("callable", id(out)) if callable(out) else out
    with _opening:
        sink = _open.get(key)
        if sink is None:
            sink = _open[key] = _new_sink(out, options, first_line)
        return sink


def _new_sink(out: Out, options: Options, first_line: Callable[[str], bytes]) -> Sink:
    if out is None:
        consume = DescriptorWriter(2) if options.format == "jsonl" else Terminal(options)
        return QueueSink(consume, "the terminal", first_line)
    if out == "-":
        return QueueSink(DescriptorWriter(1), "stdout", first_line)
    if callable(out):
        return QueueSink(_for_callable(out), "the callable given as out=", first_line)
    path = os.fspath(out)
    if is_regular(path):
        return FileSink(path, first_line, each_line=options.flush == "record")
    return QueueSink(DescriptorWriter(path), path, first_line)


def _for_callable(out: Callable[[Any], object]) -> Callable[[bytes, Stopping], None]:
    def consume(line: bytes, stopping: Stopping) -> None:
        from .trace.codec import decode_record

        record = decode_record(line)
        if record is not None:
            out(record)

    return consume


class Terminal:
    """Shows records on stderr as a person reads them; runs on a queue's thread only.

    What is shown is rendered whole and then written past Python's own buffer of stderr: were the terminal stopped, the
    buffer's lock would be held, and the application's next `print` would wait for it.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._show: Callable[[bytes], None] | None = None
        self._stopping: Stopping = lambda: False

    def __call__(self, line: bytes, stopping: Stopping) -> None:
        self._stopping = stopping
        if self._show is None:
            self._show = self._open()
        self._show(line)

    def _open(self) -> Callable[[bytes], None]:
        from .render import ViewOptions, make_view
        from .render.console import Printer, make_console
        from .trace.codec import decode_record

        options = self._options
        stream = sys.stderr
        view = make_view(
            options.format,
            ViewOptions(show_scope=options.scope, show_body=options.body, utc=options.utc),
        )
        printer = Printer(make_console(stream, options.color), self._writer(stream))

        def show(line: bytes) -> None:
            record = decode_record(line)
            if record is not None:
                printer.print(view.feed(record))

        return show

    def _writer(self, stream: TextIO) -> Callable[[str], None]:
        try:
            write = DescriptorWriter(stream.fileno())
        except (OSError, ValueError, AttributeError):  # a stream in memory: a notebook, a test
            return lambda text: _write_stream(stream, text)
        encoding = stream.encoding or "utf-8"
        return lambda text: write(text.encode(encoding, "backslashreplace"), self._stopping)


def _write_stream(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
