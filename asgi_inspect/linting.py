"""`InspectMiddleware(app, lint=True)`: the linter beside the recording, in the application's own process.

Each line goes to its sink as ever, and into a bounded queue besides. A thread decodes, judges and tells; it is woken when a
connection has ended, so that the event loop pays for one more `append` a record until then. Where the terminal shows the records,
no second queue is needed: what is found stands there below the message that caused it.
"""

import threading
import time
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .capture.notice import name_of_type, say_once
from .capture.process import Sink, clock
from .capture.queue import QueueSink
from .capture.thread import Stopping
from .options import Options, Out
from .sinks import Terminal

if TYPE_CHECKING:
    from .lint.choice import Choice
    from .lint.finding import Finding
    from .trace.records import Record

_MOST: Final = 10_000  # stories that are told
_TURN_NS: Final = 300_000
_queues: Final[weakref.WeakValueDictionary[object, QueueSink]] = weakref.WeakValueDictionary()
_opening: Final = threading.Lock()
_OPENING_SECONDS: Final = 0.1


class Linted:
    """The sink of a connection whose lines the linter gets as well."""

    __slots__ = ("_queue", "_sink", "real")

    def __init__(self, sink: Sink, queue: Sink) -> None:
        self.real = getattr(sink, "real", sink)
        self._sink = sink
        self._queue = queue

    def add(self, line: bytes, now: int) -> None:
        self._sink.add(line, now)
        self._queue.add(line, now)

    def flush(self, now: int) -> None:
        self._sink.flush(now)
        self._queue.flush(now)

    def settle(self) -> None:
        self._sink.settle()
        self._queue.settle()

    # These are told to both of them themselves.

    def before_fork(self) -> None: ...
    def forked(self) -> None: ...
    def at_exit(self) -> None: ...


def prepare(options: Options) -> None:
    """Import what the thread needs: a fork in the middle of its imports would leave their locks to the child for ever."""
    from .lint import linter  # noqa: F401 (it is there for the thread)
    from .lint.catalogue import all_rules
    from .trace import codec  # noqa: F401 (as above)

    all_rules()
    if not callable(options.lint):
        from .render import console, findings  # noqa: F401 (as above)


def with_linter(sink: Sink, queue: QueueSink) -> Sink:
    """The sink of a connection that begins now: it is judged, unless the linter has enough to do."""
    if queue.behind:
        say_once("the linter cannot keep up with the server: some connections are not judged")
        return sink
    return Linted(sink, queue)


def is_shown(out: Out, options: Options) -> bool:
    """Whether what the linter finds stands among the records that are shown."""
    return out is None and options.format != "jsonl" and not callable(options.lint)


def queue_for(options: Options, first_line: Callable[[str], bytes]) -> QueueSink:
    """The queue of the linter: of all middlewares that tell the same in the same way."""
    lint = options.lint
    key = (_identity(lint), options.color)
    # Not for ever: a fork may have copied the lock while another thread held it.
    locked = _opening.acquire(timeout=_OPENING_SECONDS)
    try:
        queue = _queues.get(key)
        if queue is None:
            consumer = _Given(lint) if callable(lint) else _Told(options)
            queue = _queues[key] = QueueSink(consumer, "the linter", first_line, at_ends=True)
        return queue
    finally:
        if locked:
            _opening.release()


def _identity(lint: object) -> object:
    if isinstance(lint, types.MethodType | types.BuiltinMethodType):  # another object each time that it is asked for
        return (id(lint.__self__), lint.__name__)
    return id(lint) if callable(lint) else lint


class _Judge:
    """Judges records; gives what is to be told: each rule, route and key once."""

    def __init__(self, choice: "Choice") -> None:
        from .lint.linter import Linter

        self._linter = Linter(choice)
        self._told: set[tuple[str, str, str, str]] = set()
        self._began = clock()

    def __call__(self, record: "Record | None") -> "list[Finding]":
        self._give_way()
        if record is None:
            return []
        new = []
        for finding in self._linter.feed(record):
            story = (finding.code, finding.severity, finding.where, finding.key)
            if story not in self._told and len(self._told) < _MOST:
                self._told.add(story)
                new.append(finding)
        return new

    def _give_way(self) -> None:
        """Let the event loop have its turn: Python's own way would make it wait for 5 ms, each time."""
        if clock() - self._began > _TURN_NS:
            time.sleep(0)
            self._began = clock()


class _Given:
    """A callable of the user, which gets each finding. What it raises is its own affair, and said once."""

    def __init__(self, take: "Callable[[Finding], object]") -> None:
        self._take = take
        self.forked()

    def forked(self) -> None:
        self._judge: _Judge | None = None

    def __call__(self, line: bytes, stopping: Stopping) -> bool:
        from .trace.codec import decode_record

        if self._judge is None:
            self._judge = _Judge(Options(lint=self._take).choice())
        for finding in self._judge(decode_record(line)):
            try:
                self._take(finding)
            except BaseException as exc:  # noqa: BLE001 (it may raise without harm)
                say_once(
                    f"the callable given as lint= raised {name_of_type(exc)}; it gets the next findings all the same"
                )
        return True


class _Told(Terminal):
    """Tells findings on stderr, and nothing else."""

    def _renderer(self, printed: Callable[..., str]) -> Callable[[bytes], str]:
        from .render.findings import finding_block
        from .trace.codec import decode_record

        judge = _Judge(self._options.choice())

        def render(line: bytes) -> str:
            return printed([finding_block(finding) for finding in judge(decode_record(line))])

        return render
