"""Where the records of an `InspectMiddleware` go: the one place that picks sinks, importing what they need at first use.

Two middlewares of one process that name the same file, the terminal or the same callable share one sink, so that lines neither
mix nor repeat. A sink lives as long as a middleware that uses it, and until what it was given is written.
"""

import io
import os
import stat
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, Final, TextIO

from .capture.descriptor import DescriptorWriter, is_regular
from .capture.file import FileSink
from .capture.notice import name_of_type, say_once
from .capture.opening import descriptor_named
from .capture.process import Sink
from .capture.queue import QueueSink
from .capture.thread import Stopping
from .options import Options, Out

_open: Final[weakref.WeakValueDictionary[Any, Sink]] = weakref.WeakValueDictionary()
_opening: Final = threading.Lock()
_OPENING_SECONDS: Final = 0.1


def sink_for(out: Out, options: Options, first_line: Callable[[str], bytes]) -> Sink:
    """The sink for `out`, opened by the first who asks; `first_line` gives the `process` record of a file that it opens."""
    key = _key(out, options)
    # Not for ever: a fork may have copied the lock while another thread held it.
    locked = _opening.acquire(timeout=_OPENING_SECONDS)
    try:
        sink = _open.get(key)
        if sink is None:
            sink = _open[key] = _new_sink(out, options, first_line)
    finally:
        if locked:
            _opening.release()
    if isinstance(sink, FileSink):
        sink.rotation.lower(options.max_bytes, options.keep_files)
        sink.each_line |= options.flush == "record"  # whoever hunts a crash is served, whoever asked first
    return sink


def _key(out: Out, options: Options) -> object:
    """What two middlewares have in common that write to the same place."""
    if out is None:
        lint = None if callable(options.lint) else options.lint
        return ("terminal", options.format, options.color, options.utc, options.scope, options.body, lint)
    if callable(out):
        if isinstance(out, types.MethodType | types.BuiltinMethodType):  # another object each time that it is asked for
            return ("callable", id(out.__self__), out.__name__)
        return ("callable", id(out))
    try:
        return out if out == "-" else os.path.realpath(out)
    except Exception:  # noqa: BLE001 (what forbids any call that may block, as blockbuster does: the file's thread may open it)
        return os.fspath(out)


def _new_sink(out: Out, options: Options, first_line: Callable[[str], bytes]) -> Sink:
    if out is None:
        shown = _RecordsOn(2) if options.format == "jsonl" else Terminal(options)
        return QueueSink(shown, "the terminal", first_line)
    if type(out) is str and out == "-":
        return QueueSink(_RecordsOn(1), "stdout", first_line)
    if callable(out):
        return QueueSink(_Callable(out), "the callable given as out=", first_line)
    path = os.fspath(out)
    stream = descriptor_named(path)
    if stream is None and is_regular(path):
        launched = options.launch is not None and options.launch.file == path
        return FileSink(path, first_line, launched=launched, max_bytes=options.max_bytes, keep_files=options.keep_files)
    # A redirected stream that were opened by its name would have an offset of its own, and be written over.
    return QueueSink(_RecordsOn(path if stream is None else stream), path, first_line)


class _Callable:
    """A callable of the user, which gets each record as a Struct. What it raises is its own affair, and said once."""

    def __init__(self, out: Callable[[Any], object]) -> None:
        self._out = out

    def __call__(self, line: bytes, stopping: Stopping) -> bool:
        from .trace.codec import decode_record

        record = decode_record(line)
        try:
            self._out(record)
        except BaseException as exc:  # noqa: BLE001 (it may raise without harm)
            say_once(f"the callable given as out= raised {name_of_type(exc)}; it gets the next records all the same")
        return True

    def forked(self) -> None:
        pass  # it is the child's as well


class _RecordsOn:
    """Lines on a stream, a FIFO or a device: as they are to a program, to a terminal with JSON's escapes for what would act there."""

    def __init__(self, target: str | int) -> None:
        """target: a path, or the number of a descriptor."""
        self._target = target
        self._write = DescriptorWriter(target)

    def __call__(self, line: bytes, stopping: Stopping) -> bool:
        if _is_terminal(self._target):
            from .text import safe_json

            text = safe_json(line.decode("utf-8", "backslashreplace").rstrip("\n"))
            line = text.encode("utf-8", "backslashreplace") + b"\n"
        return self._write(line, stopping)

    def forked(self) -> None:
        self._write.forked()


def _is_terminal(target: str | int) -> bool:
    """Whether it is a terminal, or may be: any other device does not mind."""
    try:
        return os.isatty(target) if isinstance(target, int) else stat.S_ISCHR(os.stat(target).st_mode)
    except OSError:
        return False


class Terminal:
    """Shows records on stderr as a person reads them; runs on a queue's thread only.

    What is shown is rendered whole and then written past Python's own buffer of stderr: were the terminal stopped, the
    buffer's lock would be held, and the application's next `print` would wait for it.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self.forked()

    def forked(self) -> None:
        """Begin with a view of our own: the parent's may have been copied in the middle of something."""
        self._render: Callable[[bytes], str] | None = None
        self._write: Callable[[str, Stopping], bool] = _write_stream
        self._unwritten: tuple[bytes, str] | None = None  # a line and its text

    def __call__(self, line: bytes, stopping: Stopping) -> bool:
        """Show one record; False: it was `stopping`, and the record has to be given again."""
        if self._render is None:
            self._render = self._open()
        if self._unwritten is None or self._unwritten[0] is not line:
            self._unwritten = (line, self._render(line))
        if not self._write(self._unwritten[1], stopping):
            return False
        self._unwritten = None
        return True

    def _open(self) -> Callable[[bytes], str]:
        from .render.console import Printer, make_console

        stream = sys.stderr or io.StringIO()
        self._write = _writer(stream)
        return self._renderer(Printer(make_console(stream, self._options.color), stream.write).render)

    def _renderer(self, printed: Callable[..., str]) -> Callable[[bytes], str]:
        """What makes the text of a line. printed: makes text of renderables."""
        from .render import ViewOptions, make_view
        from .trace.codec import decode_record

        options = self._options
        # No hint at `asgi-inspect show`: there is no file that would have the rest.
        shown = ViewOptions(show_scope=options.scope, show_body=options.body, utc=options.utc, hint=None)
        view = make_view("compact" if options.format == "compact" else "pretty", shown)
        feed = view.feed
        if options.lint and not callable(options.lint):
            from .lint.linter import Linter
            from .render.linted import LintedView

            feed = LintedView(view, lambda: Linter(options.choice())).feed

        def render(line: bytes) -> str:
            record = decode_record(line)
            return "" if record is None else printed(feed(record))

        return render


def _writer(stream: TextIO) -> Callable[[str, Stopping], bool]:
    """How to write whole texts to what `stream` stands for."""
    if not isinstance(stream, io.TextIOWrapper):  # a notebook's, a test's, one that translates colours
        return _write_stream
    try:
        fd = stream.fileno()
    except (OSError, ValueError):  # in memory, or closed
        return _write_stream
    write = DescriptorWriter(fd)
    encoding = stream.encoding
    return lambda text, stopping: not text or write(text.encode(encoding, "backslashreplace"), stopping)


def _write_stream(text: str, stopping: Stopping) -> bool:
    """Write to the stderr of this moment: tests put another one in its place each time. There may be none."""
    if text and sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()
    return True
