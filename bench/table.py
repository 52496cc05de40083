"""The figures as tables: for people on a screen of 80 columns, with more columns on a wide one, and in Markdown with all.

A median, and in brackets its spread, which holds eight of ten samples.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isinf
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from .apps import APPS
from .base import changes
from .figures import BARE, FILE, UNREDACTED, Figure, Figures, Key, Part, Quantity, Ratio
from .served import SETTINGS
from .targets import Found, Target, Verdict
from .units import number_text, size_text
from .ways import WAYS

_WIDE: Final = 120  # columns
_NONE: Final = "-"
_STYLES: Final = {"beyond": "green", "yes": "green", "no": "bold red", "worse": "bold red", "better": "green"}


@dataclass
class Column:
    """wide: only where there is room for it. wraps: what stands in it may take several lines, of so much at least."""

    name: str
    right: bool = True
    wide: bool = False
    wraps: int = 0


@dataclass
class Sheet:
    """One table. under: sentences below it."""

    title: str
    columns: list[Column]
    rows: list[list[str]] = field(default_factory=list)
    under: list[str] = field(default_factory=list)

    def without_empty(self) -> "Sheet":
        """The columns in which something stands."""
        places = [
            place for place in range(len(self.columns)) if any(row[place] not in ("", _NONE) for row in self.rows)
        ]
        rows = [[row[place] for place in places] for row in self.rows]
        return Sheet(self.title, [self.columns[place] for place in places], rows, self.under)


def sheets(figures: Figures) -> Iterator[Sheet]:
    """Of each application, and of memory and time to start."""
    measured = dict.fromkeys([*figures.names("inside", "app"), *figures.names("outside", "app")])
    for app in APPS:
        if app in measured:
            yield _app_sheet(figures, app).without_empty()
    if any(key.part == "footprint" for key in figures):
        yield _footprint(figures).without_empty()


def _app_sheet(figures: Figures, app: str) -> Sheet:
    unit = APPS[app].unit
    sheet = Sheet(
        _title(figures, app),
        [
            Column("way", right=False), Column(f"added, µs a {unit}"), Column("spread", right=False), Column("kept"), Column("spread", right=False),
            Column("p50, ms"), Column("p99, ms"), Column("spread", right=False, wide=True), Column("added, CPU µs", wide=True),
            Column("spread", right=False, wide=True), Column("a second", wide=True),
        ],
    )  # fmt: skip
    for way in (*WAYS, *SETTINGS):
        row = list(_cells(figures, app, way))
        if any(cell != _NONE for cell in row):
            sheet.rows.append([way, *row])
    file = Key("inside", app, FILE, "us")
    if redaction := figures.difference(file, file._replace(way=UNREDACTED)):
        sheet.rows.append(["redaction alone", *_pair(redaction), *[_NONE] * (len(sheet.columns) - 3)])
    sheet.under = list(_remarks(figures, app))
    return sheet


def _title(figures: Figures, app: str) -> str:
    words = [f"{app}: {APPS[app].what}."]
    inside = figures.of(Key("inside", app, BARE, "us"))
    outside = figures.of(Key("outside", app, BARE, "per_second"))
    if inside:
        words.append(f"Bare: {number_text(inside.median)} µs a {APPS[app].unit} in process" + ("" if outside else "."))
    if outside:
        words.append(f"{'and' if inside else 'Bare:'} {number_text(outside.median)} a second end to end.")
    return " ".join(words)


def _cells(figures: Figures, app: str, way: str) -> Iterator[str]:
    def key(part: Part, quantity: Quantity) -> Key:
        return Key(part, app, way, quantity)

    plain = way == BARE
    yield from _pair(None if plain else figures.added(key("inside", "us")))
    kept = figures.kept(key("outside", "per_second"))
    yield from _pair(None if plain or kept is None else kept.each(lambda share: share * 100), " %")
    yield _number(figures.of(key("outside", "p50_ms")))
    yield from _pair(figures.of(key("outside", "p99_ms")))
    yield from _pair(None if plain else figures.added(key("outside", "cpu_us")))
    yield _number(figures.of(key("outside", "per_second")))


def _number(figure: Figure | None) -> str:
    return _NONE if figure is None else number_text(figure.median)


def _pair(figure: Figure | Ratio | None, unit: str = "") -> tuple[str, str]:
    """The median, and its spread."""
    if figure is None:
        return _NONE, _NONE
    if unit == " %":
        return f"{figure.median:.0f} %", f"[{figure.low:.0f}, {figure.high:.0f}]"
    return number_text(figure.median), f"[{number_text(figure.low)}, {number_text(figure.high)}]"


def _remarks(figures: Figures, app: str) -> Iterator[str]:
    """Each once, though both parts may have found it."""
    told: dict[str, list[str]] = {}
    for (_, of, way, source), why in figures.remarks.items():
        if of == app:
            name = f"{way} of {source}" if source else way
            told.setdefault(name, []).append(why)
    for name, reasons in told.items():
        yield f"{name}: {reasons[0]}"


def _footprint(figures: Figures) -> Sheet:
    columns = [Column("what", right=False), Column("way", right=False), Column("added"), Column("spread", right=False)]
    sheet = Sheet("Memory, and time to start.", [*columns, Column("in all"), Column("bare")])
    for key in figures:
        if key.part == "footprint" and key.source == "" and not key.way.startswith(BARE):
            every, added = figures.of(key), figures.added(key)
            bare = figures.of(key._replace(way=BARE))
            if every is not None and added is not None:
                spread = f"[{_unit(key, added.low)}, {_unit(key, added.high)}]"
                alone = _NONE if bare is None else _unit(key, bare.median)
                sheet.rows.append([key.app, key.way, _unit(key, added.median), spread, _unit(key, every.median), alone])
    sheet.under = [
        f"{app}, {way}: {why}" for (part, app, way, _), why in figures.remarks.items() if part == "footprint"
    ]
    return sheet


def _unit(key: Key, value: float) -> str:
    if key.quantity == "bytes":
        return size_text(value)
    return f"{number_text(value)} {'µs' if key.quantity in ('us', 'cpu_us') else key.quantity}"


def ways_sheet(figures: Figures) -> Sheet:
    """What the names mean."""
    measured = dict.fromkeys([*figures.names("inside", "way"), *figures.names("outside", "way")])
    columns = [Column("way", right=False), Column("what it is", right=False, wraps=22)]
    rows = [[way.name, way.what] for way in WAYS.values() if way.name in measured]
    rows += [[way.name, way.what] for way in SETTINGS.values() if way.name in measured]
    return Sheet("The ways that were compared.", columns, rows)


def targets_sheet(runs: Sequence[tuple[str, Iterable[Verdict]]], *, whole: bool = True) -> Sheet:
    """Of one run, or of several side by side, each with its name. whole: also those of which nothing was measured."""
    one = len(runs) == 1
    columns = [Column("target", right=False, wraps=22 if one else 10), Column("wanted"), Column("beyond")]
    columns += [Column(name, right=False, wraps=22 if one else 8) for name, _ in runs]  # so that four fit
    sheet = Sheet("Targets, and whether they are reached.", columns)
    for verdicts in zip(*(verdicts for _, verdicts in runs), strict=True):
        if not whole and not any(verdict.found for verdict in verdicts):
            continue
        target = verdicts[0].target
        sign = "≥" if target.least else "≤"
        limits = [
            _plain(target.show(limit)) if limit is not None else "" for limit in (target.limit or 0.0, target.beyond)
        ]
        sheet.rows.append(
            [target.name, *(f"{sign} {limit}" if limit else "" for limit in limits), *map(_measured, verdicts)]
        )
    return sheet


def _plain(limit: str) -> str:
    """Without the digits that say how precise a measurement is."""
    return re.sub(r"\.?0+(?![\d.])", "", limit).lstrip("+") if "." in limit else limit


def _measured(verdict: Verdict) -> str:
    if not verdict.found:
        return "not measured"
    word = "beyond" if verdict.beyond else "yes" if verdict.reached else "no"
    return f"{word}: " + "; ".join(_shown(verdict.target, one) for one in verdict.found)


def _shown(target: Target, one: Found) -> str:
    """With its spread where no other table has it."""
    show, figure = target.show, one.figure
    spread = f" [{show(figure.low)}, {show(figure.high)}]" if isinstance(figure, Ratio) else ""
    return f"{show(figure.median)}{spread} {one.of}".strip()


def changes_sheet(figures: Figures, base: str) -> Sheet:
    """What two revisions add, side by side, and below it what became worse."""
    columns = [
        Column("application", right=False, wraps=13), Column("way", right=False), Column("old"), Column("new"), Column("ratio"),
        Column("more", right=False, wide=True), Column("beyond, noise", right=False),
    ]  # fmt: skip
    sheet = Sheet(f"What asgi-inspect adds at {base} (old), and here (new).", columns)
    found = list(changes(figures, base))
    for change in found:
        key, more, (low, high) = change.key, change.more, change.spread
        sheet.rows.append([
            _place(key), key.way, _unit(key, change.old.median), _unit(key, change.new.median),
            f"{change.ratio:.2f} [{low:.2f}, {high:.2f}]" if change.old.low > 0 else _NONE,
            f"{_unit(key, more.median)} [{_unit(key, more.low)}, {_unit(key, more.high)}]",
            "worse" if change.worse else "better" if change.better else "",
        ])  # fmt: skip
    worse = [f"{_place(change.key)} ({change.key.way})" for change in found if change.worse]
    sheet.under = [
        f"{app}, {way} of {source}: {why}" for (_, app, way, source), why in figures.remarks.items() if source
    ]
    if all(isinf(change.more.certain[0]) for change in found):
        sheet.under.append("Too few rounds to tell what is beyond noise: it takes eight.")
    else:
        sheet.under.append(f"Worse beyond noise: {', '.join(worse)}." if worse else "Nothing is worse beyond noise.")
    return sheet


def _place(key: Key) -> str:
    return f"{key.app}, end to end" if key.part == "outside" else key.app


def show(sheet: Sheet, console: Console) -> None:
    """On a screen; what there is no room for is left out."""
    for piece in _blocks(sheet, wide=console.width >= _WIDE):
        console.print(piece, soft_wrap=False)


def say(sentences: Iterable[str], console: Console) -> None:
    """What is to be known of all tables; folded like these, also where there is no terminal."""
    for sentence in sentences:
        console.print(Text(sentence), soft_wrap=False)


def _blocks(sheet: Sheet, *, wide: bool) -> Iterator[RenderableType]:
    places = [place for place, column in enumerate(sheet.columns) if wide or not column.wide]
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place in places:
        column = sheet.columns[place]
        table.add_column(
            Text(column.name.replace(", ", "\n")),
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            overflow="fold",
            min_width=column.wraps or None,
        )
    for row in sheet.rows:
        table.add_row(*(Text(row[place], _STYLES.get(row[place].partition(":")[0], "")) for place in places))
    yield Text(f"\n{sheet.title}", "bold")
    yield table
    yield from (Text(sentence, "dim") for sentence in sheet.under)


def markdown(sheet: Sheet) -> str:
    """All columns."""
    head = "| " + " | ".join(column.name for column in sheet.columns) + " |"
    line = "| " + " | ".join("---:" if column.right else "---" for column in sheet.columns) + " |"
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in sheet.rows]
    under = [f"- {sentence}" for sentence in sheet.under]
    return "\n".join([f"**{sheet.title}**", "", head, line, *rows, *(["", *under] if under else []), ""])
