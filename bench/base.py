"""`make bench BASE=<git revision>`: another revision of asgi_inspect beside that of the working tree.

The revision's package alone is unpacked into a temporary folder (`git archive`: unlike a worktree it leaves nothing in the
repository, however the run ends); the code that measures is always that of the working tree.
"""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from pathlib import Path
from typing import Final, NamedTuple, get_args

from .apps import APPS
from .figures import BARE, CONTROL, Figure, Figures, Key, Part
from .plan import ROOT, Source
from .ways import WAYS

_PACKAGE: Final = "asgi_inspect"
_COSTS: Final = ("us", "cpu_us", "bytes", "ns", "ms")  # what is added, and better were less
_LEAST: Final = 0.02  # of what the base adds: less is no matter, whatever the figures say


class BaseError(Exception):
    """There is no such revision, or nothing to measure in it."""


@contextmanager
def unpacked(revision: str) -> Iterator[Source]:
    """The package as it was in a revision, until the end."""
    commit = (
        _git("rev-parse", "--verify", "--quiet", "--short", "--end-of-options", f"{revision}^{{commit}}")
        .decode()
        .strip()
    )
    if not commit:
        raise BaseError(f"BASE={revision} is no revision that git knows here.")
    archive = _git("archive", "--format=tar", commit, _PACKAGE)
    if not archive:
        raise BaseError(f"BASE={revision} has no {_PACKAGE}/ in it.")
    name = revision if commit.startswith(revision) or revision.startswith(commit) else f"{revision} ({commit})"
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-base-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Source(name, Path(folder).resolve())


def _git(*words: str) -> bytes:
    """What git prints; nothing where it fails."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout  # noqa: S607
    except FileNotFoundError:
        raise BaseError("BASE needs git, which is not installed.") from None


class Change(NamedTuple):
    """One way in one application, before and now."""

    key: Key
    old: Figure
    new: Figure
    more: Figure
    """What it adds now, less what it added, round by round."""
    certain: bool
    """It differs beyond noise."""

    @property
    def ratio(self) -> float:
        return self.new.median / self.old.median if self.old.median > 0 else nan

    @property
    def spread(self) -> tuple[float, float]:
        """Of the ratio: what it adds more, in shares of what it added."""
        old = self.old.median
        return (1 + self.more.low / old, 1 + self.more.high / old) if old > 0 else (nan, nan)

    @property
    def worse(self) -> bool:
        return self.certain and self.more.median > 0

    @property
    def better(self) -> bool:
        return self.certain and self.more.median < 0


def changes(figures: Figures, base: str) -> Iterator[Change]:
    """What can be compared: the ways of ours that were measured with both."""
    parts = get_args(Part)
    apps = {app: place for place, app in enumerate(APPS)}
    order = {way: place for place, way in enumerate(WAYS)}
    for key in sorted(figures, key=lambda key: (parts.index(key.part), apps.get(key.app, -1), order.get(key.way, -1))):
        if key.quantity in _COSTS and key.source == "" and key.way in WAYS and WAYS[key.way].ours:
            change = _change(figures, key, base)
            if change is not None:
                yield change


def _change(figures: Figures, key: Key, base: str) -> Change | None:
    old, new = figures.added(key._replace(source=base)), figures.added(key)
    more = figures.difference(key, key._replace(source=base))
    if old is None or new is None or more is None:
        return None
    low, high = more.certain
    noise = max(_LEAST * abs(old.median), _noise(figures, key, base))
    return Change(key, old, new, more, (low > 0 or high < 0) and abs(more.median) > noise)


def _noise(figures: Figures, key: Key, base: str) -> float:
    """By how much two processes differ where nothing can: in the bare application, and in the control."""
    same = [
        figures.compared(key._replace(way=BARE), key._replace(way=BARE, source=base), lambda one, other: one - other)
    ]
    same.append(figures.difference(key._replace(way=CONTROL), key._replace(way=CONTROL, source=base)))
    return max((abs(figure.median) for figure in same if figure is not None), default=0.0)
