"""What `-o OUT` of a command writes: standard output, or a file that is there whole or, where anything fails, not at all."""

import os
import secrets
import signal
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn, TypeAlias

from ..errors import UsageError
from ..launch.output import Output
from ..text import safe

Write: TypeAlias = Callable[[str | bytes], bool]
"""Writes a piece; False where nobody reads any more."""


@contextmanager
def writing_to(out: str, inputs: Sequence[str], *, private: bool = False) -> Iterator[Write]:
    """Write to OUT as long as the block lasts; `-` is standard output.

    inputs: the files that are read, which OUT may not be. private: a new OUT is for its owner only, as a trace is. Raises UsageError where OUT cannot be, or not be written.
    """
    if out == "-":
        yield _to_standard_output()
    else:
        with _beside(out, inputs, private) as write:
            yield write


def _to_standard_output() -> Write:
    output, terminal = Output(1), os.isatty(1)

    def write(piece: str | bytes) -> bool:
        words = piece.decode("utf-8", "backslashreplace") if isinstance(piece, bytes) else piece
        try:
            # What a program reads is exact; what a terminal shows does nothing there.
            output.write(safe(words.replace("\r\n", "\n"), newlines=True) if terminal else _encoded(piece))
        except OSError as error:
            raise UsageError(f"standard output cannot be written: {error.strerror}.") from None
        return not output.closed

    return write


def _encoded(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace")


@contextmanager
def _beside(out: str, inputs: Sequence[str], private: bool) -> Iterator[Write]:
    """Write a file of another name in the same folder, which takes the place of OUT at the end."""
    path = os.path.realpath(out)
    mode = _mode_of(path, out, inputs)
    beside = f"{path}.{secrets.token_hex(4)}.part"
    with _ended_in_order():
        yield from _written(path, beside, out, 0o600 if private and mode is None else mode)


def _written(path: str, beside: str, out: str, mode: int | None) -> Iterator[Write]:
    with _said(out):
        descriptor = os.open(
            beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666 if mode is None else 0o600
        )
    try:
        with open(descriptor, "wb") as file:

            def write(piece: str | bytes) -> bool:
                with _said(out):
                    file.write(_encoded(piece))
                return True

            yield write
            with _said(out):
                file.flush()
        with _said(out):
            if mode is not None:
                os.chmod(beside, mode)
            os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Within this block a request to end raises, so that what is half written is removed."""

    def end(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    signals = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.signal(number, end) for number in signals if signal.getsignal(number) is signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _mode_of(path: str, out: str, inputs: Sequence[str]) -> int | None:
    """The mode of a file that is to be replaced; None where there is none yet."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot write {safe(out)}: {error.strerror}.") from None
    if not stat.S_ISREG(status.st_mode):
        hint = "- is standard output" if path.startswith(("/dev/", "/proc/")) else "name another"
        raise UsageError(f"cannot write {safe(out)}: it is no regular file; {hint}.")
    for name in inputs:
        with suppress(OSError):
            if name != "-" and os.path.samestat(status, os.stat(name)):
                raise UsageError(f"cannot write {safe(out)}: it is read at the same time; name another file.")
    return stat.S_IMODE(status.st_mode)


@contextmanager
def _said(out: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {safe(out)}: {error.strerror}.") from None
