"""The rules of the house, held by a machine: what imports what, what stands in no file, and what the README promises."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

import asgi_inspect
from asgi_inspect.cli._settings import run_settings
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import PREFIX, Options, Redact

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "asgi_inspect"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEXT = {".py", ".md", ".toml", ".svg", ".json", ".yml", ".yaml", ".txt", ".cfg", ""}

# Which room stands below which: a module imports from its own room, or from lower ones.
RANKS: dict[str, float] = {
    **dict.fromkeys(("version", "types", "errors", "values", "text"), 0),
    "protocol": 1,
    **dict.fromkeys(("look", "standard", "walk", "decode", "readable", "convert", "views"), 2),
    "redaction": 2.5,
    "trace": 3,
    **dict.fromkeys(("capture", "lint"), 4),
    **dict.fromkeys(("render", "export"), 5),
    **dict.fromkeys(("options", "selecting", "sinks", "linting", "middleware"), 6),
    "on": 6.3,
    **dict.fromkeys(("launch", "web", "testing"), 6.5),
    "cli": 7,
    "pytest_plugin": 7.5,
    **dict.fromkeys(("__init__", "__main__"), 8),
}


def room(module: Path) -> str:
    """The folder of a module below the package, or its own name where it lies at the top."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(module: Path) -> Iterator[tuple[int, list[str]]]:
    """Each import of something of ours: its line, and the parts of the name below `asgi_inspect`."""
    package = ["asgi_inspect", *module.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = [*start, *(node.module or "").split(".")] if node.module else start
            # `from . import locks` names modules; `from .read import read_trace` names what is in one.
            names = [base] if node.module else [[*base, alias.name] for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name[1:]) for name in names if name[0] == "asgi_inspect")


def wrong_imports(module: Path) -> Iterator[str]:
    here, top = room(module), module.parent == PACKAGE
    if here not in RANKS:
        yield f"{here} has no rank yet: give it one in this test"
        return
    for line, name in imports(module):
        place = f"{module.relative_to(ROOT)}:{line}"
        if not name or name[0] not in RANKS:
            yield f"{place} imports the root package, or a room without a rank: name the module"
        elif RANKS[name[0]] > RANKS[here] or (RANKS[name[0]] == RANKS[here] and name[0] != here and not top):
            yield f"{place}: {here} may not import {name[0]}"


def test_imports_point_down() -> None:
    assert [wrong for module in MODULES for wrong in wrong_imports(module)] == []


def test_each_module_says_what_it_is() -> None:
    silent = [m for m in MODULES if m.stat().st_size and not ast.get_docstring(ast.parse(m.read_text("utf-8")))]
    assert silent == []


def test_importing_the_package_is_cheap() -> None:
    heavy = ("rich", "click", "uvicorn", "starlette", "httpx")
    code = f"import sys, asgi_inspect; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_front_door_is_sorted_and_whole() -> None:
    names = asgi_inspect.__all__
    assert names == sorted(names)
    assert all(hasattr(asgi_inspect, name) for name in names)


def project_files() -> list[Path]:
    """What belongs to the project, without asking git: a source archive has none."""
    folders = [PACKAGE, *(ROOT / name for name in ("docs", "examples", "tests", ".ci"))]
    inside = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    top = [ROOT / name for name in ("Makefile", "README.md", "CHANGELOG.md", "pyproject.toml", ".gitignore")]
    return [path for path in [*inside, *top] if path.is_file() and path.suffix in TEXT]


def test_no_file_names_a_place_of_this_machine() -> None:
    """Neither the checkout, nor the interpreter's folder, nor the home of whoever works here."""
    # A short one (a home that is `/`, a checkout in `/app`) would match what has nothing to do with it.
    places = {
        str(place) for place in (ROOT, Path.home(), Path(sys.prefix)) if len(place.parts) > 2 or place.name == "root"
    }
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(place)}/\w" for place in sorted(places)) or "(?!)")
    hits = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in project_files()
        for hit in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert hits == []


def test_no_test_sleeps_or_is_skipped() -> None:
    unwanted = {"time.sleep", "pytest.skip", "pytest.importorskip", "pytest.xfail"}
    marks = re.compile(r"^\s*@pytest\.mark\.(?:skip|xfail)", re.MULTILINE)
    hits = []
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        hits += [f"{path.relative_to(ROOT)}: {call}" for call in [*unwanted.intersection(calls), *marks.findall(text)]]
    assert hits == []


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_gives_a_reason_for_each_dependency() -> None:
    for requirement in PROJECT["dependencies"]:
        name = re.match(r"[\w-]+", requirement)
        assert name is not None
        assert re.search(rf"^\| {name[0]} +\|", README, re.MULTILINE), f"{name[0]} is not in the README's table"


class Row(NamedTuple):
    """A line of the README's table of options."""

    keyword: str
    variable: str
    command: list[str]
    default: str


def option_rows() -> list[Row]:
    section = README.split("## Options")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:5]] for line in section.splitlines() if line.startswith("|")]
    return [
        Row(keyword.strip("`="), variable.strip("`"), re.findall(r"(?<![\w-])--?[a-z-]+", command), default.strip("`"))
        for keyword, variable, command, default in cells[2:]
    ]


def test_the_readme_has_every_keyword_of_the_middleware() -> None:
    parameters = inspect.signature(InspectMiddleware.__init__).parameters.values()
    keywords = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    assert {row.keyword for row in option_rows()} - {""} == keywords


def test_the_readme_has_every_option_of_the_command() -> None:
    changing = [
        (option.secondary_opts if option.is_flag and option.default else option.opts, option)
        for option in run_settings()
    ]
    rows = {name: row for row in option_rows() for name in row.command}
    assert set(rows) == {name for names, _ in changing for name in names}
    for names, option in changing:
        assert option.name is not None
        assert rows[names[0]].variable == PREFIX + option.name.upper()


def test_the_readme_has_the_variables_and_the_defaults_that_the_code_has() -> None:
    defaults = {field.name: field.default for field in msgspec.structs.fields(Options)}
    words = {True: "on", False: "off", Redact(): "what is called, or looks, like a secret", None: "none"}
    for row in option_rows():
        if row.keyword in defaults:
            assert row.variable == PREFIX + row.keyword.upper()
            default = defaults[row.keyword]
            assert row.default == words.get(default, str(default))


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_changelog_knows_this_version() -> None:
    assert f"## [{asgi_inspect.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [p for p in sorted((ROOT / "examples").glob("*.py")) if p.name != "demo.py"])
def test_each_example_says_by_which_line_it_runs(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert f"asgi-inspect examples.{path.stem}:app" in docstring
    assert path.name in README
