"""What a run shall measure, and how the parts of a benchmark are told so."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent

Tell = Callable[[str], None]
"""Takes a sentence about how far the run is; it is shown on stderr."""


class Source(NamedTuple):
    """Where an `asgi_inspect` is taken from: the working tree (its name is empty), or a revision unpacked in a folder."""

    name: str
    folder: Path


HERE: Final = Source("", ROOT)


class Plan(NamedTuple):
    """What was asked for. apps, ways: all, where empty. rounds: None for what a part thinks best."""

    apps: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    rounds: int | None = None
    quick: bool = False
    """A few seconds in all: to see that it works; its figures are of no use."""
    sources: tuple[Source, ...] = (HERE,)
    """With BASE two: the working tree and the revision. The ways of ours are measured with each, interleaved."""

    def wants(self, app: str, way: str) -> bool:
        return (not self.apps or app in self.apps) and (not self.ways or way in self.ways)


# `-P`: the working directory must not come first, as it has an asgi_inspect. The folder of a revision has nothing but its
# asgi_inspect, so that `bench` is always that of the working tree.
_BEGIN: Final = "import sys, runpy; sys.path[:0] = sys.argv[1:3]; sys.argv[1:3] = []; runpy.run_module(sys.argv.pop(1), run_name='__main__')"


def python(source: Source, executable: str, module: str, *arguments: str) -> list[str]:
    """The command that runs a module of `bench` with the `asgi_inspect` of a source."""
    return [executable, "-P", "-c", _BEGIN, str(source.folder), str(ROOT), module, *arguments]
