"""The tables of docs/launching.md, made from the ways: `python -m tests.servers.table` puts them there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.ways import OF_PROCESSES, WAYS, Feature, Way

PAGE = Path(__file__).parent.parent.parent / "docs" / "launching.md"
_BEGIN, _END = "<!-- made by python -m tests.servers.table -->\n", "<!-- end -->\n"


def table() -> str:
    """All rows: the ways with each feature, then those that differ by an option."""
    every = _rows([way for way in WAYS if not way.option], list(Feature))
    options = _rows([way for way in WAYS if way.option], [f for f in Feature if f not in OF_PROCESSES])
    return "\n".join([*every, "", "With these options it is the same as in the rows above:", "", *options, ""])


def _rows(ways: Sequence[Way], features: Sequence[Feature]) -> Iterator[str]:
    yield " | ".join(["| started as", *(feature.value for feature in features)]) + " |"
    yield "| --- " * (len(features) + 1) + "|"
    for way in ways:
        yield " | ".join([f"| {way.name}", *(way.cell(feature) for feature in features)]) + " |"


def shown(page: str) -> str:
    """The tables as they stand in the page."""
    return page.split(_BEGIN)[1].split(_END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + table() + _END + rest.partition(_END)[2], encoding="utf-8")
