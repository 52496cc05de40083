"""Memory and imports, with few of everything: each figure has its bare counterpart, and nothing is left behind."""

import resource
import sys
import tempfile
from pathlib import Path

import pytest

from bench import footprint
from bench.client import Trouble
from bench.figures import CONNECTION, FILE, FIRST, IDLE, IMPORT, OFF, Figures, Key, Quantity
from bench.footprint import COUNTED, MIDDLEWARE, SOCKETS, START
from bench.plan import HERE, Plan, Source


def measured(*apps: str) -> tuple[Figures, list[str]]:
    figures, told = Figures(), list[str]()
    footprint.measure(Plan(apps=apps, quick=True), figures, told.append)
    return figures, told


@pytest.mark.parametrize(
    ("app", "way", "found"),
    [
        (IMPORT, FILE, {IMPORT: "ms", MIDDLEWARE: "ms", START: "ms", FIRST: "ms"}),
        (CONNECTION, OFF, {CONNECTION: "ns"}),
        ("download", FILE, {"download": "bytes"}),
        ("upload", FILE, {"upload": "bytes"}),
        (IDLE, FILE, {IDLE: "bytes", COUNTED: "bytes"}),
        (SOCKETS, FILE, {SOCKETS: "bytes"}),
    ],
    ids=[IMPORT, CONNECTION, "download", "upload", IDLE, "sockets"],
)
def test_each_figure_has_its_bare_counterpart(
    app: str, way: str, found: dict[str, Quantity], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    figures, told = measured(app)
    assert figures.remarks == {}
    assert told == [f"footprint: {app}"]
    assert figures.names("footprint", "app") == list(found)
    for name, quantity in found.items():
        assert figures.added(Key("footprint", name, way, quantity)) is not None, name
    assert list(tmp_path.iterdir()) == []


def test_an_idle_connection_takes_some_kilobytes(tmp_path: Path) -> None:
    figures, _ = measured(IDLE)
    taken = figures.of(Key("footprint", COUNTED, FILE, "bytes"))
    bare = figures.of(Key("footprint", COUNTED, "bare", "bytes"))
    assert taken is not None
    assert bare is not None
    assert 1000 < bare.median < taken.median < 100_000


def test_what_asgi_inspect_complains_of_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="asgi-inspect: something"):
        footprint._run([sys.executable, "-c", "import sys; print('asgi-inspect: something', file=sys.stderr)"])


def test_a_revision_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    package = tmp_path / "asgi_inspect"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('broken')")
    figures = Figures()
    told: list[str] = []
    plan = Plan(apps=(IMPORT, CONNECTION), quick=True, sources=(HERE, Source("old", tmp_path)))
    footprint.measure(plan, figures, told.append)
    assert figures.why_not("footprint", IMPORT, FILE) == "RuntimeError: broken"
    assert figures.of(Key("footprint", IMPORT, FILE, "ms")) is not None


def test_too_few_descriptors_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda of: (100, 100))
    monkeypatch.setattr(resource, "setrlimit", lambda of, limits: None)
    figures, _ = measured(SOCKETS)
    assert figures.why_not("footprint", SOCKETS, FILE) == "too few descriptors are allowed: 100"
