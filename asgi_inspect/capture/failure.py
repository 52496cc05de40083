"""An exception as a bounded `ErrorInfo`, told without acting: no locals, no suggestions, nothing kept alive.

`str(exc)` runs code of the exception's class. It is asked once, guarded, and only after the application ended; before that
a message is given where the class writes it as the builtin exceptions do, from plain arguments.
"""

import os
from collections import deque
from types import TracebackType
from typing import Any, Final

from ..look import class_attribute, exact_str, instance_dict, qualified_name
from ..trace.records import ErrorInfo, Frame, Outcome
from .place import printable

_FRAMES: Final = 80
_CHAIN: Final = 10
_MEMBERS: Final = 20
_INFOS: Final = 60
_TEXT: Final = 8192
_NAME: Final = 1000

# Whose `__str__` reads nothing but the arguments (and OSError's file names).
_PLAIN_STR: Final = (BaseException.__str__, OSError.__str__, KeyError.__str__, ImportError.__str__)
_MRO_OF: Final = type.__dict__["__mro__"].__get__


def describe(exc: BaseException, *, ended: bool) -> ErrorInfo:
    """What is kept of an exception; `ended` says that the application is over, so that `str(exc)` may be asked."""
    try:
        return _Describer(ended).describe(exc, 0)
    except Exception:  # noqa: BLE001 (no stack or memory is left, or it is no exception as we know them: its type is told)
        return ErrorInfo(type=_name(type(exc)), cut=["everything but its type"])


def outcome_of(exc: BaseException) -> Outcome:
    """Whether an exception means that the task was cancelled, or closed while it waited, or that something went wrong."""
    waiting: list[BaseException] = [exc]
    for _ in range(_INFOS):
        if not waiting:
            return "cancelled"
        one = waiting.pop()
        if issubclass(type(one), BaseExceptionGroup):
            # Trio packs the cancellations of a nursery's tasks into a group.
            waiting.extend(_members_of(one))
        elif not _means_cancelled(type(one)):
            return "raised"
    return "raised"


def _means_cancelled(t: type) -> bool:
    if issubclass(t, GeneratorExit):
        return True
    return any(qualified_name(base) in _CANCELLED for base in _MRO_OF(t))


_CANCELLED: Final = frozenset({"asyncio.exceptions.CancelledError", "trio.Cancelled", "curio.errors.CancelledError"})


class _Describer:
    def __init__(self, ended: bool) -> None:
        self.ended = ended
        self.room = _INFOS
        self.path: set[int] = set()
        self.messages: dict[int, str | None] = {}  # by id: one exception may stand in several places

    def describe(self, exc: BaseException, depth: int) -> ErrorInfo:
        self.room -= 1
        self.path.add(id(exc))
        t = type(exc)
        cut: list[str] = []
        message = self._message(exc, t)
        if message is not None and len(message) > _TEXT:
            cut.append(f"{len(message) - _TEXT} characters of message")
            message = message[:_TEXT]
        frames = frames_of(_read(exc, "__traceback__"), cut)
        cause, context = _read(exc, "__cause__"), _read(exc, "__context__")
        if cause is not None or _read(exc, "__suppress_context__"):
            context = None
        info = ErrorInfo(
            type=_name(t),
            bases=[_name(base) for base in _MRO_OF(t)[1:-1]][:_MEMBERS],
            message=None if message is None else printable(message),
            frames=frames,
            notes=_notes(exc, cut),
            cause=self._inner(cause, depth, cut, "cause"),
            context=self._inner(context, depth, cut, "context"),
            exceptions=self._members(exc, t, depth, cut),
            cut=cut,
        )
        self.path.discard(id(exc))
        return info

    def _inner(self, exc: BaseException | None, depth: int, cut: list[str], what: str) -> ErrorInfo | None:
        if exc is None:
            return None
        if depth >= _CHAIN or self.room <= 0 or id(exc) in self.path:
            cut.append(what)
            return None
        return self.describe(exc, depth + 1)

    def _members(self, exc: BaseException, t: type, depth: int, cut: list[str]) -> list[ErrorInfo]:
        if not issubclass(t, BaseExceptionGroup):
            return []
        members = _members_of(exc)
        told = [self._inner(member, depth, [], "") for member in members[:_MEMBERS]]
        infos = [info for info in told if info is not None]
        if len(infos) < len(members):
            cut.append(f"{len(members) - len(infos)} exceptions")
        return infos

    def _message(self, exc: BaseException, t: type[BaseException]) -> str | None:
        if id(exc) in self.messages:
            return self.messages[id(exc)]
        text: str | None = None
        if self.ended or _writes_plainly(exc, t):
            try:
                text = exact_str(str(exc))
            except BaseException:  # noqa: BLE001 (it is we who asked: what the class raises must not become the outcome)
                text = None
        self.messages[id(exc)] = text
        return text


def _writes_plainly(exc: BaseException, t: type) -> bool:
    """Whether `str(exc)` runs no code but the interpreter's own."""
    how = class_attribute(t, "__str__")
    if not any(how is plain for plain in _PLAIN_STR):
        return False
    parts: list[Any] = list(_read(exc, "args"))
    if issubclass(t, OSError):
        parts += [OSError.__dict__[name].__get__(exc) for name in ("errno", "strerror", "filename", "filename2")]
    return all(_is_plain(type(part)) for part in parts)


def _is_plain(t: type) -> bool:
    # By identity: `in` would ask the class for its hash.
    return t is str or t is int or t is bytes or t is float or t is bool or t is type(None)


def _read(exc: BaseException, name: str) -> Any:
    """An attribute of BaseException itself, past whatever a subclass puts in its place."""
    return BaseException.__dict__[name].__get__(exc)


def _members_of(group: BaseException) -> tuple[BaseException, ...]:
    members: tuple[BaseException, ...] = BaseExceptionGroup.__dict__["exceptions"].__get__(group)
    return members


def _notes(exc: BaseException, cut: list[str]) -> list[str]:
    notes = instance_dict(exc).get("__notes__")
    if type(notes) is not list:
        return []
    if len(notes) > _MEMBERS:
        cut.append(f"{len(notes) - _MEMBERS} notes")
    kept = [exact_str(note) for note in notes[:_MEMBERS] if issubclass(type(note), str)]
    longest = max(map(len, kept), default=0)
    if longest > _TEXT:
        cut.append(f"{longest - _TEXT} characters of a note")
    return [printable(note[:_TEXT]) for note in kept]


_HERE: Final = os.path.dirname(__file__)
_OURS: Final = (os.path.join(_HERE, "tap.py"), os.path.join(os.path.dirname(_HERE), "middleware.py"))


def frames_of(traceback: TracebackType | None, cut: list[str]) -> list[Frame]:
    """The frames of a traceback, outermost first, without our own; of many, the first and the last."""
    first: list[Frame] = []
    last: deque[Frame] = deque(maxlen=_FRAMES // 2)
    left_out = 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename not in _OURS:
            frame = Frame(_name_of_code(code.co_filename), traceback.tb_lineno or 0, _name_of_code(code.co_qualname))
            if len(first) < _FRAMES // 2:
                first.append(frame)
            else:
                left_out += len(last) == last.maxlen
                last.append(frame)
        traceback = traceback.tb_next
    if left_out:
        cut.append(f"{left_out} frames")
    return [*first, *last]


def _name_of_code(text: str) -> str:
    return printable(text[:_NAME])


def _name(t: type) -> str:
    return printable(qualified_name(t))
