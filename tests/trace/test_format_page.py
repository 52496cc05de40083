"""The page that explains the format is held against the code, and its recipes are run."""

import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from asgi_inspect.convert import decode
from asgi_inspect.trace.codec import decode_record, encode_record
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import RECORDS, ErrorInfo, Frame
from asgi_inspect.trace.schema import TAGS, schema
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

PAGE = (Path(__file__).parents[2] / "docs" / "trace-format.md").read_text("utf-8")
KNOWN = {"Foreign": Foreign, "Parts": Parts, "Redacted": Redacted, "Truncated": Truncated}


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE)


def example_lines() -> list[str]:
    return [line for block in blocks("jsonl") for line in block.splitlines()]


def test_each_kind_of_record_is_shown() -> None:
    shown = {type(decode_record(line.encode())) for line in example_lines()}
    assert shown == set(RECORDS)


@pytest.mark.parametrize("line", example_lines(), ids=lambda line: line[:50])
def test_each_example_is_a_line_as_it_is_written(line: str) -> None:
    from jsonschema import Draft202012Validator

    record = decode_record(line.encode())
    assert record is not None
    assert encode_record(record).decode() == line
    Draft202012Validator(schema()).validate(msgspec.json.decode(line))


def test_the_example_is_a_whole_trace() -> None:
    fold = Fold()
    for line in blocks("jsonl")[0].splitlines():
        record = decode_record(line.encode())
        assert record is not None
        fold.feed(record)
    assert [(c.type, c.status, c.outcome, c.lost) for c in fold.connections.values()] == [
        ("lifespan", None, "returned", 0),
        ("http", 200, "returned", 0),
        ("http", 500, "raised", 0),
        ("websocket", None, "returned", 0),
    ]


@pytest.mark.parametrize("struct", [*RECORDS, ErrorInfo, Frame])
def test_each_field_is_explained(struct: type[msgspec.Struct]) -> None:
    config = struct.__struct_config__
    assert f"`{config.tag}`" in PAGE or config.tag is None
    unexplained = [name for name in struct.__struct_fields__ if f"`{name}`" not in PAGE]
    assert unexplained == []


TAG_ROW = re.compile(r"^\| `(\$\w+)` \| `(.*)` \| `(.*)` \| (.+) \|$", re.MULTILINE)


def test_each_tag_has_its_row() -> None:
    assert [row[0] for row in TAG_ROW.findall(PAGE)] == list(TAGS)


@pytest.mark.parametrize(("tag", "example", "python"), [row[:3] for row in TAG_ROW.findall(PAGE)])
def test_each_example_of_a_tag_is_that_value(tag: str, example: str, python: str) -> None:
    tree = msgspec.json.decode("{" + example + "}")
    (value,) = decode(tree).values()
    expected = eval(python, dict(KNOWN))
    assert type(value) is type(expected)
    assert repr(value) == repr(expected) or value == expected
    assert f'"{tag}":' in example


def recipes() -> list[tuple[str, str]]:
    """Each command of the page, and what it prints."""
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        command, printed = "", ""
        for line in block.splitlines(keepends=True):
            if line.startswith("$ "):
                command = line[2:]
            elif not complete(command):
                command += line
            else:
                printed += line
        found.append((command, printed))
    return found


def complete(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:  # an open quote
        return False
    return True


@cache
def jq() -> str | None:
    return shutil.which("jq")


@pytest.mark.parametrize(("command", "printed"), recipes(), ids=lambda text: str(text)[:40])
def test_each_recipe_prints_what_the_page_says(command: str, printed: str, tmp_path: Path) -> None:
    """Where there is no jq, at least each command is whole."""
    assert complete(command)
    assert "trace.jsonl" in command
    (tmp_path / "trace.jsonl").write_text(blocks("jsonl")[0], "utf-8")
    if jq() is None:
        return
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (printed, "")


def test_the_python_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trace.jsonl").write_text(blocks("jsonl")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    code = next(block for block in blocks("python") if "read_trace" in block)
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert capsys.readouterr().out.splitlines() == [
        "47e7ab53b65a.1 lifespan None None returned 2811989",
        "47e7ab53b65a.2 http /items/7 200 returned 1141",
        "47e7ab53b65a.3 http /upload 500 raised 503",
        "47e7ab53b65a.4 websocket /talk None returned 1140",
    ]
