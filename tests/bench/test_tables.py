"""The tables: they fit a screen of 80 columns, say more on a wide one and all in Markdown, and no target is passed over."""

import io
import random
import re
from dataclasses import replace
from math import isclose

import pytest

from asgi_inspect.render.console import make_console
from bench import table
from bench.apps import APPS
from bench.base import changes
from bench.figures import BARE, CONNECTION, CONTROL, FILE, FIRST, IDLE, IMPORT, NOOP, OFF, Figures, Key
from bench.footprint import MIDDLEWARE
from bench.targets import TARGETS, verdicts
from bench.ways import WAYS

BASE = "HEAD~1 (0123abc)"


@pytest.fixture(scope="module")
def full() -> Figures:
    """Figures of everything, as slow things have them."""
    chance = random.Random(1)
    found = Figures()
    for app in APPS:
        for way in WAYS:
            for number in range(9):
                for part, quantity, value in (
                    ("inside", "us", 20_000.0), ("outside", "per_second", 3_000.0), ("outside", "cpu_us", 90_000.0),
                    ("outside", "p50_ms", 70.0), ("outside", "p99_ms", 300.0),
                ):  # fmt: skip
                    found.add(Key(part, app, way, quantity), number, value * chance.uniform(0.5, 2))  # type: ignore[arg-type]
    for app, way, quantity in (
        (IDLE, FILE, "bytes"), ("download", FILE, "bytes"), ("upload", FILE, "bytes"), (IMPORT, FILE, "ms"),
        (MIDDLEWARE, FILE, "ms"), (FIRST, FILE, "ms"), (CONNECTION, OFF, "ns"),
    ):  # fmt: skip
        for name, value in ((way, 2000.0), (BARE, 1000.0)):
            found.add(Key("footprint", app, name, quantity), 0, value)  # type: ignore[arg-type]
    found.remark("outside", "hello", "asgi-debug", "breaks the app: it does not answer as it does without")
    return found


def printed(sheets: list[table.Sheet], width: int) -> str:
    out = io.StringIO()
    console = make_console(out, "never", {"COLUMNS": str(width)})
    for sheet in sheets:
        table.show(sheet, console)
    return out.getvalue()


def all_sheets(figures: Figures) -> list[table.Sheet]:
    return [table.ways_sheet(figures), *table.sheets(figures), table.targets_sheet([("3.13", verdicts(figures))])]


def test_tables_fit_into_80_columns(full: Figures) -> None:
    text = printed(all_sheets(full), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    whole = " ".join(text.split())
    assert all(sheet.title in whole for sheet in all_sheets(full))  # folded, not cut


def test_what_two_revisions_add_fits_as_well() -> None:
    found = Figures()
    for app in APPS:
        for way in (BARE, FILE, "file flush=record"):
            for source, times in (("", 3.0), (BASE, 2.0)):
                for part, quantity in (("inside", "us"), ("outside", "cpu_us")):
                    for number in range(9):
                        key = Key(part, app, way, quantity, source)  # type: ignore[arg-type]
                        found.add(key, number, 1000.0 + number * times if way == BARE else 2_999.0 * times)
    text = printed([table.changes_sheet(found, BASE)], 80)
    assert max(map(len, text.splitlines())) <= 80
    assert len(re.findall("file flush=record .*worse", text)) == 2 * len(APPS)


def test_a_wide_screen_has_more_columns(full: Figures) -> None:
    assert "CPU µs" not in printed(all_sheets(full), 80)
    assert "CPU µs" in printed(all_sheets(full), 160)


def test_markdown_has_every_column_and_remark(full: Figures) -> None:
    text = "\n".join(map(table.markdown, all_sheets(full)))
    assert text.count("| added, CPU µs |") == len(APPS)
    assert "- asgi-debug: breaks the app: it does not answer as it does without" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


def test_without_a_server_there_are_no_columns_of_one() -> None:
    found = Figures()
    for way, sample in ((BARE, 1.0), (FILE, 7.5)):
        found.add(Key("inside", "hello", way, "us"), 0, sample)
    (sheet,) = table.sheets(found)
    assert [column.name for column in sheet.columns] == ["way", "added, µs a call", "spread"]
    assert sheet.rows == [[FILE, "6.50", "[6.50, 6.50]"]]
    assert sheet.title == "hello: raw ASGI, 9 request headers. Bare: 1.00 µs a call in process."


def test_every_target_is_found_in_full_figures(full: Figures) -> None:
    assert [verdict.target.name for verdict in verdicts(full) if not verdict.found] == []
    assert len(verdicts(full)) == len(TARGETS)


def test_what_was_not_measured_reaches_no_target() -> None:
    assert {verdict.reached for verdict in verdicts(Figures())} == {None}
    rows = table.targets_sheet([("3.13", verdicts(Figures()))]).rows
    assert {row[-1] for row in rows} == {"not measured"}
    assert table.targets_sheet([("3.13", verdicts(Figures()))], whole=False).rows == []


@pytest.mark.parametrize(("added", "word"), [(0.5, "beyond"), (1.2, "beyond"), (2.0, "yes"), (2.01, "no")])
def test_how_a_figure_stands_to_its_target(added: float, word: str) -> None:
    found = Figures()
    found.add(Key("inside", "websocket", BARE, "us"), 0, 0.0)
    found.add(Key("inside", "websocket", FILE, "us"), 0, added)
    (row,) = table.targets_sheet([("3.13", verdicts(found))], whole=False).rows
    assert row[1:3] == ["≤ 2 µs", "≤ 1.2 µs"]
    assert row[3].startswith(f"{word}: ")


@pytest.mark.parametrize(("kept", "word"), [(0.83, "beyond"), (0.75, "yes"), (0.74, "no")])
def test_what_is_kept_has_to_be_enough(kept: float, word: str) -> None:
    found = Figures()
    found.add(Key("outside", "hello", BARE, "per_second"), 0, 1000.0)
    found.add(Key("outside", "hello", FILE, "per_second"), 0, 1000.0 * kept)
    (row,) = table.targets_sheet([("3.13", verdicts(found))], whole=False).rows
    assert row[1:3] == ["≥ 75 %", "≥ 82 %"]
    assert row[3].startswith(f"{word}: ")


@pytest.mark.parametrize(("p99", "word"), [(3.0, "yes"), (9.0, "no")])
def test_the_slowest_requests_are_compared_with_the_spread_of_the_no_op_wrapper(p99: float, word: str) -> None:
    found = Figures()
    for number, sample in enumerate((2.0, 4.0, 6.0)):
        found.add(Key("outside", "hello", NOOP, "p99_ms"), number, sample)
        found.add(Key("outside", "hello", FILE, "p99_ms"), number, p99)
    (row,) = table.targets_sheet([("3.13", verdicts(found))], whole=False).rows
    assert row[3].startswith(f"{word}: ")


def test_runs_of_several_pythons_stand_side_by_side(full: Figures) -> None:
    sheet = table.targets_sheet([("Python 3.11", verdicts(full)), ("Python 3.13", verdicts(Figures()))])
    assert [column.name for column in sheet.columns][3:] == ["Python 3.11", "Python 3.13"]
    assert all(row[4] == "not measured" for row in sheet.rows)


@pytest.mark.parametrize("count", [2, 4])
def test_targets_of_several_runs_fit_as_well(full: Figures, count: int) -> None:
    runs = [(f"Python 3.1{number}", verdicts(full)) for number in range(count)]
    text = printed([table.targets_sheet(runs)], 80)
    assert max(map(len, text.splitlines())) <= 80
    assert [f"3.1{number}" in text for number in range(count)] == [True] * count
    heads = [line for line in text.splitlines() if "Python" in line]
    assert sum(line.count("Python") for line in heads) == count
    (row,) = [line for line in text.splitlines() if "≤ 2 µs" in line]
    assert row.count("beyond:") == count


def test_what_is_to_be_known_of_all_tables_is_folded() -> None:
    out = io.StringIO()
    table.say(["", "word " * 40], make_console(out, "never", {"COLUMNS": "80"}))
    assert [len(line) for line in out.getvalue().splitlines()] == [0, 80, 80, 40]


def compared(old: float, new: float, noise: float, rounds: int = 15) -> Figures:
    """Two revisions that add so much to a bare application of 10, with a bare application that differs as well."""
    found, chance = Figures(), random.Random(3)
    for number in range(rounds):
        for source, added in (("", new), (BASE, old)):
            for way, sample in ((BARE, 10.0), (CONTROL, 10.0), (FILE, 10.0 + added)):
                found.add(Key("inside", "hello", way, "us", source), number, sample + chance.uniform(-noise, noise))
    return found


@pytest.mark.parametrize(
    ("old", "new", "noise", "word"),
    [
        (5.0, 6.0, 0.05, "worse"),
        (6.0, 5.0, 0.05, "better"),
        (5.0, 5.05, 0.0, ""),  # certain, and no matter
        (5.0, 6.0, 5.0, ""),
        (5.0, 5.0, 1.0, ""),
    ],
)
def test_what_differs_beyond_noise(old: float, new: float, noise: float, word: str) -> None:
    (row,) = table.changes_sheet(compared(old, new, noise), BASE).rows
    assert row[-1] == word


def test_a_ratio_comes_with_its_spread() -> None:
    (change,) = changes(compared(5.0, 6.0, 0.05), BASE)
    assert isclose(change.ratio, 1.2, rel_tol=0.02)
    assert change.spread[0] < change.ratio < change.spread[1]


def test_few_rounds_are_not_enough_to_tell() -> None:
    sheet = table.changes_sheet(compared(5.0, 50.0, 0.01, rounds=7), BASE)
    assert sheet.rows[0][-1] == ""
    assert sheet.under == ["Too few rounds to tell what is beyond noise: it takes eight."]


def test_what_became_worse_is_said_in_one_sentence() -> None:
    assert table.changes_sheet(compared(5.0, 6.0, 0.05), BASE).under == ["Worse beyond noise: hello (file)."]
    assert table.changes_sheet(compared(5.0, 5.0, 0.05), BASE).under == ["Nothing is worse beyond noise."]


def test_columns_without_content_go() -> None:
    sheet = table.Sheet("", [table.Column("way"), table.Column("kept")], [["file", "-"]])
    assert sheet.without_empty() == replace(sheet, columns=[table.Column("way")], rows=[["file"]])
