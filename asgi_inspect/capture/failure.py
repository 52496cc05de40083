"""An exception as a bounded `ErrorInfo`, told without acting: no locals, no suggestions, nothing kept alive.

`str(exc)` runs code of the exception's class. It is asked once, guarded, and only after the application ended; before that
a message is given where the class writes it as the builtin exceptions do, from plain arguments.
"""

from types import TracebackType
from typing import Any, Final

from ..trace.records import ErrorInfo, Frame
from ..walk import instance_dict, qualified_name

_FRAMES: Final = 80
_CHAIN: Final = 10
_MEMBERS: Final = 20
_INFOS: Final = 60
_TEXT: Final = 8192

_BUILTIN_STR: Final = frozenset({BaseException.__str__, OSError.__str__, KeyError.__str__, UnicodeError.__str__})
_PLAIN: Final = frozenset({str, int, float, bool, bytes, type(None)})


def describe(exc: BaseException, *, ended: bool) -> ErrorInfo:
    """What is kept of an exception; `ended` says that the application is over, so that `str(exc)` may be asked."""
    return _Describer(ended).describe(exc, 0)


class _Describer:
    def __init__(self, ended: bool) -> None:
        self.ended = ended
        self.room = _INFOS
        self.path: set[int] = set()

    def describe(self, exc: BaseException, depth: int) -> ErrorInfo:
        self.room -= 1
        self.path.add(id(exc))
        t = type(exc)
        cut: list[str] = []
        frames = frames_of(_read(exc, "__traceback__"))
        if len(frames) > _FRAMES:
            cut.append(f"{len(frames) - _FRAMES} frames")
            frames = frames[: _FRAMES // 2] + frames[-_FRAMES // 2 :]
        message = self._message(exc, t)
        if message is not None and len(message) > _TEXT:
            cut.append(f"{len(message) - _TEXT} characters of message")
            message = message[:_TEXT]
        cause, context = _read(exc, "__cause__"), _read(exc, "__context__")
        if cause is not None or _read(exc, "__suppress_context__"):
            context = None
        info = ErrorInfo(
            type=_printable(qualified_name(t)),
            bases=[_printable(qualified_name(base)) for base in t.__mro__[1:-1]][:_MEMBERS],
            message=None if message is None else _printable(message),
            frames=frames,
            notes=_notes(exc),
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
        members = BaseExceptionGroup.exceptions.__get__(exc)
        infos = [
            info for member in members[:_MEMBERS] if (info := self._inner(member, depth, cut, "exceptions")) is not None
        ]
        if len(members) > _MEMBERS:
            cut.append(f"{len(members) - _MEMBERS} exceptions")
        return infos

    def _message(self, exc: BaseException, t: type[BaseException]) -> str | None:
        if not self.ended and (t.__str__ not in _BUILTIN_STR or not _plain_arguments(exc)):
            return None
        try:
            text = str(exc)
        except BaseException:  # noqa: BLE001 (it is we who asked: what the class raises must not become the outcome)
            return None
        return str.__str__(text)


def _plain_arguments(exc: BaseException) -> bool:
    arguments = _read(exc, "args")
    return type(arguments) is tuple and all(type(argument) in _PLAIN for argument in arguments)


def _read(exc: BaseException, name: str) -> Any:
    """An attribute of BaseException itself, past whatever a subclass puts in its place."""
    return BaseException.__dict__[name].__get__(exc)


def _notes(exc: BaseException) -> list[str]:
    notes = instance_dict(exc).get("__notes__")
    if type(notes) is not list:
        return []
    return [_printable(str.__str__(note))[:_TEXT] for note in notes[:_MEMBERS] if issubclass(type(note), str)]


_OURS: Final = __file__.rpartition("/capture/")[0]


def frames_of(traceback: TracebackType | None) -> list[Frame]:
    """The frames of a traceback, outermost first, without our own."""
    frames: list[Frame] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not (code.co_filename.startswith(_OURS) and code.co_filename.endswith(("/tap.py", "/middleware.py"))):
            frames.append(Frame(_printable(code.co_filename), traceback.tb_lineno or 0, _printable(code.co_qualname)))
        traceback = traceback.tb_next
    return frames


def _printable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
