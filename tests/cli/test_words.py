"""Files, filters and options on one command line."""

import pickle
from pathlib import Path

import click
import pytest

from asgi_inspect.cli._words import FilteringCommand, chosen_filter, files_argument, separate
from asgi_inspect.errors import FilterError
from asgi_inspect.trace.filter import Filter, parse_filter

PARAMETERS: list[click.Parameter] = [
    files_argument(),
    click.Option(["--conn"]),
    click.Option(["-o", "--out"]),
    click.Option(["-f", "--follow"], is_flag=True),
    click.Option(["--range"], nargs=2),
    click.Option(["--body/--no-body"]),
]

LINES = [
    ("t.jsonl status:5xx", "t.jsonl", "status:5xx"),
    ("status:5xx t.jsonl -method:GET,HEAD", "t.jsonl", "status:5xx -method:GET,HEAD"),
    ("nowhere.jsonl", "nowhere.jsonl", ""),
    ("-", "-", ""),
    ('t.jsonl "quoted"', "t.jsonl", '"quoted"'),
    ("12:30.jsonl status:200", "12:30.jsonl", "status:200"),  # it exists
    ("stauts:200", "", "stauts:200"),
    ("-stauts:200", "", "-stauts:200"),
    ("-path:", "", "-path:"),
    ("http://x/y", "", "http://x/y"),
    ("--conn x:y", "--conn x:y", ""),
    ("--conn=x:y -f", "--conn=x:y -f", ""),
    ("--conn -method:GET", "--conn -method:GET", ""),
    ("--range a:1 b:2 c:3", "--range a:1 b:2", "c:3"),
    ("-o x:y status:200", "-o x:y", "status:200"),
    ("-fo x:y status:200", "-fo x:y", "status:200"),
    ("-ox:y", "-ox:y", ""),
    ("-opposite.jsonl:1", "-opposite.jsonl:1", ""),
    ("-outcome:open", "", "-outcome:open"),
    ("-otcome:open", "", "-otcome:open"),
    ("-host:x -f", "-f", "-host:x"),
    ("--no-body status:200", "--no-body", "status:200"),
    ("--unknown status:200", "--unknown", "status:200"),
    ("-x -z:1", "-x -z:1", ""),
    ("-- status:200 t.jsonl -method:GET -t.jsonl", "-- t.jsonl -t.jsonl", "status:200 -method:GET"),
    ("-- status:200", "", "status:200"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("12:30.jsonl", "a.jsonl"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("line", "rest", "filters"), LINES, ids=[line for line, _, _ in LINES])
def test_a_line_is_taken_apart(line: str, rest: str, filters: str) -> None:
    found = separate(line.split(), PARAMETERS)
    assert found.rest == rest.split()
    assert found.filters == filters.split()


def command(seen: list[object]) -> click.Command:
    return FilteringCommand(
        "x", callback=lambda **given: seen.extend([given["files"], chosen_filter()]), params=PARAMETERS
    )


@pytest.mark.usefixtures("folder")
def test_a_command_gets_its_files_and_its_filter() -> None:
    seen: list[object] = []
    command(seen).main(["a.jsonl", "path:'/a b' status:5xx", "-method:GET", "-f"], standalone_mode=False)
    assert seen == [("a.jsonl",), parse_filter("path:'/a b' status:5xx -method:GET")]
    command(seen).main([], standalone_mode=False)
    assert seen[2:] == [(), Filter()]
    assert pickle.loads(pickle.dumps(seen[1])) == seen[1]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stauts:5xx"], 'unknown term "stauts" at 1: did you mean status?'),
        (["a.jsonl", "path:/", "-stauts:5xx"], 'in -stauts:5xx: unknown term "stauts" at 2: did you mean status?'),
        (["path:/a stauts:5xx"], 'in path:/a stauts:5xx: unknown term "stauts" at 9: did you mean status?'),
        (
            ["nowhere:1"],
            'nowhere:1 is no file that exists, and no filter: unknown term "nowhere" at 1: there is type, ',
        ),
    ],
)
def test_a_wrong_filter_is_said_with_its_word(words: list[str], sentence: str) -> None:
    with pytest.raises(FilterError) as wrong:
        command([]).main(words, standalone_mode=False)
    assert str(wrong.value).startswith(sentence)


def test_help_comes_before_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    command([]).main(["stauts:5xx", "--help"], standalone_mode=False)
    assert "[FILE]... [FILTER]..." in capsys.readouterr().out
