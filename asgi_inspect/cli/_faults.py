"""What of the input could not be read: each damaged line is said once, and of many lines of a file, how many they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..errors import NotATraceError, UsageError
from ..launch.output import NO_ROOM, Output
from ..text import safe
from ..trace.read import Damage

NOTHING_MATCHED = 1  # exit statuses of all commands that read
DAMAGED = 3  # it was read as far as it could be
_SAID = 5  # lines of each file


class Faults:
    """The damage of one command's input, said on standard error as it is met; or at the end, while a screen is busy."""

    def __init__(self) -> None:
        self.count = 0
        self._by_file: dict[str, int] = {}
        self._held: list[str] | None = None

    def __call__(self, damage: Damage) -> None:
        """Note a damaged line, and say it."""
        self.count += 1
        number = self._by_file[damage.file] = self._by_file.get(damage.file, 0) + 1
        if number <= _SAID:
            self._say(str(damage))

    def note(self, sentence: str) -> None:
        """Say what is to be known of the input and is no damage; nothing where the sentence is empty."""
        if sentence:
            self._say(sentence)

    def hold(self) -> None:
        """Somebody else has the terminal: say nothing until `finish`."""
        self._held = [] if self._held is None else self._held

    def finish(self) -> int:
        """Say what was not said, and how many lines were damaged beyond those; returns 3 where there was any, else 0."""
        held, self._held = self._held or [], None
        for sentence in held:
            self._say(sentence)
        for file, number in self._by_file.items():
            if number > _SAID:
                self._say(f"{file}: and {number - _SAID:,} more damaged lines.")
        self._by_file.clear()
        return DAMAGED if self.count else 0

    def _say(self, sentence: str) -> None:
        if self._held is None:
            say(sentence)
        else:
            self._held.append(sentence)


@contextmanager
def readable(names: Sequence[str]) -> Iterator[None]:
    """Reads traces within its block: what keeps it from that becomes a UsageError with a sentence of its own."""
    try:
        yield
    except NotATraceError as error:
        raise UsageError(safe(str(error))) from None
    except OSError as error:
        if error.errno in NO_ROOM:
            raise UsageError(f"standard output cannot be written: {error.strerror}.") from None
        raise UsageError(f"cannot read {safe(str(error.filename or names[0]))}: {error.strerror}.") from None


def say(sentence: str) -> None:
    """One sentence on standard error."""
    Output(2).write(f"asgi-inspect: {safe(sentence)}\n")
