"""Two parsers, one command line: ours and uvicorn's, each word on its side and none changed."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.cli._settings import run_settings
from asgi_inspect.cli._split import operands, split
from asgi_inspect.cli.run import command
from asgi_inspect.errors import UsageError
from asgi_inspect.launch.uvicorn import command as uvicorn_command

OURS = command.params
THEIRS = [parameter for parameter in uvicorn_command().params if parameter.name != "version"]


def parts(words: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    found = split(words, OURS, THEIRS, lambda word: word == "uvicorn")
    return found.ours, found.server, found.theirs


@pytest.mark.parametrize(
    ("words", "ours", "server", "theirs"),
    [
        ("main:app", "", None, "main:app"),
        ("main:app --port 9000", "", None, "main:app --port 9000"),
        ("--port 9000 main:app", "", None, "--port 9000 main:app"),
        ("--port=9000 main:app --reload", "", None, "--port=9000 main:app --reload"),
        ("-o t.jsonl main:app", "-o t.jsonl", None, "main:app"),
        ("main:app -ot.jsonl --reload", "-ot.jsonl", None, "main:app --reload"),
        ("--out=t.jsonl --reload main:app", "--out=t.jsonl", None, "--reload main:app"),
        ("main:app --out --port", "--out --port", None, "main:app"),
        ("--host --quiet main:app", "", None, "--host --quiet main:app"),
        ("--quiet --no-access-log main:app --no-scope", "--quiet --no-scope", None, "--no-access-log main:app"),
        ("--header a:b --header --quiet main:app", "", None, "--header a:b --header --quiet main:app"),
        ("-o - main:app", "-o -", None, "main:app"),
        ("uvicorn main:app -o x --quiet", "", "uvicorn", "main:app -o x --quiet"),
        ("-o x uvicorn --help", "-o x", "uvicorn", "--help"),
        ("--port 1 uvicorn main:app", "", "uvicorn", "--port 1 main:app"),
        ("main:app uvicorn", "", None, "main:app uvicorn"),
        ("--host uvicorn main:app", "", None, "--host uvicorn main:app"),
        ("--quiet -- main:app --quiet", "--quiet", None, "-- main:app --quiet"),
        ("main:app --port", "", None, "main:app --port"),
        ("", "", None, ""),
    ],
)
def test_split(words: str, ours: str, server: str | None, theirs: str) -> None:
    assert parts(words.split()) == (ours.split(), server, theirs.split())


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("--prot", "--port"),
        ("--no-bodies", "--no-body"),
        ("-x", None),
        ("--bogus", None),
        ("--colour=never", "--color"),
    ],
)
def test_an_option_of_neither_side(word: str, near: str | None) -> None:
    hint = f"did you mean {near}?" if near else "asgi-inspect --help lists ours"
    with pytest.raises(UsageError, match=re.escape(f'there is no option "{word.partition("=")[0]}"; {hint}')):
        parts(["main:app", word])


def test_no_option_of_ours_is_uvicorn_s() -> None:
    ours = {name for parameter in OURS for name in (*parameter.opts, *parameter.secondary_opts)}
    theirs = {name for parameter in uvicorn_command().params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert ours & theirs == {"--version"}
    assert {parameter.name for parameter in run_settings()}.isdisjoint(p.name for p in uvicorn_command().params)


OUR_WORDS = st.sampled_from(
    [
        ["-o", "x"],
        ["-ox"],
        ["--out=x"],
        ["--quiet"],
        ["--append"],
        ["--no-body"],
        ["--color", "never"],
        ["--body-limit", "1k"],
    ]
)
THEIR_WORDS = st.sampled_from(
    [
        ["--port", "1"],
        ["--port=2"],
        ["--host", "-o"],
        ["--reload"],
        ["--no-access-log"],
        ["--header", "--quiet"],
        ["--header=a:b"],
        ["--root-path", "uvicorn"],
        ["--factory"],
        ["--uds", "--"],
    ]
)


@given(st.lists(st.one_of(OUR_WORDS.map(lambda w: ("o", w)), THEIR_WORDS.map(lambda w: ("t", w)))), st.data())
def test_each_side_gets_exactly_its_own_words(groups: list[tuple[str, list[str]]], data: st.DataObject) -> None:
    groups.insert(data.draw(st.integers(0, len(groups))), ("t", ["main:app"]))
    words = [word for _, group in groups for word in group]
    ours = [word for side, group in groups if side == "o" for word in group]
    theirs = [word for side, group in groups if side == "t" for word in group]
    assert parts(words) == (ours, None, theirs)
    assert operands(theirs, THEIRS) == ["main:app"]
    assert uvicorn_command().make_context("uvicorn", list(theirs)).params["app"] == "main:app"
