"""`asgi-inspect explain`: the manual of each rule, the list of all, and what a slip may have meant."""

import io
import re

import pytest

from asgi_inspect.lint.catalogue import all_rules, by_code
from asgi_inspect.render.console import make_console
from asgi_inspect.render.manual import manual_page, rules_table
from tests.cli.conftest import Run


def shown(words: list[str], run: Run) -> str:
    result = run("explain", *words, COLUMNS="")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("word", ["H105", "h105", "start-after-complete", "start_after_complete"])
def test_a_rule_is_explained_by_its_code_and_by_its_name(word: str, run: Run) -> None:
    manual = by_code()["H105"].manual
    page = shown([word], run)
    flat = " ".join(page.split())
    assert page.startswith("H105 start-after-complete\nerror · the application's fault\n")
    for title in ("What it does", "Why it matters", "Fix", "Bad", "Good", "Specification"):
        assert f"\n{title}\n" in page
    for text in (manual.what, manual.why, manual.fix):
        assert " ".join(text.split()) in flat
    for code in (*manual.bad, *manual.good):
        assert "".join(f"    {line}\n" if line else "\n" for line in code.strip("\n").split("\n")) in page
    assert "https://asgi.readthedocs.io/" in page
    assert max(map(len, (line for line in page.splitlines() if not line.startswith("    ")))) <= 80
    assert "\x1b" not in page


def test_code_is_painted_where_there_are_colours(run: Run) -> None:
    page = shown(["H105", "--color", "always"], run)
    assert "\x1b[" in page
    bare = re.sub(r"\x1b\[[0-9;]*m", "", page)
    assert by_code()["H105"].manual.bad[0].splitlines()[0] in bare


def test_every_rule_is_listed_in_eighty_columns(run: Run) -> None:
    page = shown([], run)
    listed = re.findall(r"^  ([AHWLX][0-9]{3}) ", page, re.MULTILINE)
    assert listed == [rule.code for rule in all_rules()]
    assert max(map(len, page.splitlines())) <= 100  # of the last line, which a pipe gets whole
    assert sorted(line for line in page.splitlines() if len(line) > 80) == sorted(page.splitlines()[-1:])
    assert f"{len(listed)} rules" in page.splitlines()[-1]


def test_several_at_once_and_the_beginning_of_codes(run: Run) -> None:
    page = shown(["H105", "H101", "H105"], run)
    assert re.findall(r"^([AHWLX][0-9]{3}) ", page, re.MULTILINE) == ["H105", "H101"]
    listed = re.findall(r"^  ([AHWLX][0-9]{3}) ", shown(["h1"], run), re.MULTILINE)
    assert listed == [rule.code for rule in all_rules() if rule.code.startswith("H1")]


def test_the_words_of_select_are_understood(run: Run) -> None:
    assert re.findall(r"^([AHWLX][0-9]{3}) ", shown(["H105,H101"], run), re.MULTILINE) == ["H105", "H101"]
    listed = {word: re.findall(r"^  ([AHWLX][0-9]{3}) ", shown([word], run), re.M) for word in ("default", "ALL", "")}
    assert listed["ALL"] == listed[""] == [rule.code for rule in all_rules()]
    assert listed["default"] == [rule.code for rule in all_rules() if rule.about.default]


def test_what_an_example_defines_beside_an_application_is_said(run: Run) -> None:
    page = shown(["H105"], run)
    assert "\nIn these examples\n  `calls` is several connections" in page
    assert "`received`" not in page
    assert "In these examples" not in shown(["H210"], run)
    assert "`server` is what the server puts around" in shown(["H412"], run)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (
            "start-after-compete",
            "there is no rule start-after-compete; did you mean start-after-complete? asgi-inspect",
        ),
        ("H1055", "there is no rule H1055; did you mean H105"),
        ("zzz\x1b[31m", "there is no rule zzz\\x1b[31m: asgi-inspect explain lists them all."),
        ("no-answer", "no-answer is against no rule of ASGI: what check tells beyond them is in docs/checking.md."),
        ("check", "check is against no rule of ASGI"),
        ("H105,H1055", "there is no rule H1055; did you mean H105"),
    ],
)
def test_a_slip_is_one_sentence(word: str, said: str, run: Run) -> None:
    result = run("explain", word)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {said}")
    assert result.stderr.count("\n") == 1


def test_every_manual_can_be_printed() -> None:
    for rule in all_rules():
        console = make_console(io.StringIO(), "always", {})
        for renderable in (*manual_page(rule), *rules_table([rule])):
            console.print(renderable)
