"""HTTPie: each line, split by a shell's rule and read by HTTPie's own, says what was asked."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from asgi_inspect.trace.records import EndRecord
from tests.export.conftest import MULTIPART
from tests.export.exporting import asked, lines, written


class Item(NamedTuple):
    """An argument of HTTPie's behind the URL: what stands before, and behind, the first and then longest separator."""

    name: str
    separator: str
    value: str


def item(word: str) -> Item:
    r"""By HTTPie's documentation: `\` before a character of a separator takes its meaning, and is taken away itself."""
    plain = re.sub(r"\\([:;=@])", lambda hit: chr(ord(hit[1]) + 0xE000), word)
    found = re.search(r":=@|==@|:=|==|=@|:@|[:;=@]", plain)
    assert found is not None
    restored = [
        re.sub("[\ue000-\ue0ff]", lambda hit: chr(ord(hit[0]) - 0xE000), part)
        for part in (plain[: found.start()], plain[found.end() :])
    ]
    return Item(restored[0], found[0], restored[1])


class Command(NamedTuple):
    """A line, read."""

    piped: str | None
    options: list[str]
    method: str
    url: str
    items: list[Item]


def read(line: str) -> Command:
    pipe, _, command = line.rpartition(" | ")
    program, *words = shlex.split(command)
    assert program == "http"
    options = [word for word in words if word.startswith("--")]
    method, url, *items = [word for word in words if not word.startswith("--")]
    return Command(pipe or None, options, method, url, [item(word) for word in items])


def only(folder: Path, *headers: tuple[bytes, bytes], **more: object) -> list[str]:
    end = EndRecord(conn="p.1", n=4, t_us=30, outcome="returned")
    return lines("httpie", written(folder, [*asked(headers, **more), end]))  # type: ignore[arg-type]


def test_what_was_really_asked(captured: Path) -> None:
    found = lines("httpie", captured)
    conversation = [line for line in found if line.startswith("#")]
    commands = [read(line) for line in found if not line.startswith("#")]
    assert [line.split()[1].rpartition("/")[2] for line in conversation] == ["talk:"]
    assert len(commands) == 13
    assert {command.method for command in commands} == {"GET", "POST", "PUT"}
    assert any(command.url.endswith("/%7Bid%7D/[x]?a=1&b=%C3%A9+x&empty=") for command in commands)


def test_a_form(captured: Path) -> None:
    (line,) = lines("httpie", captured, "path:/form")
    command = read(line)
    assert (command.method, command.piped) == ("POST", None)
    assert "--raw=name=Zo%C3%AB&x=" in command.options
    assert "--ignore-stdin" in command.options
    assert Item("content-type", ":", "application/x-www-form-urlencoded") in command.items
    assert not [name for name, _, _ in command.items if name in ("content-length", "host")]


def test_octets_are_piped(captured: Path) -> None:
    (line,) = lines("httpie", captured, "path:/files")
    command = read(line)
    assert command.piped is not None
    assert "--ignore-stdin" not in command.options
    assert subprocess.run(["sh", "-c", command.piped], capture_output=True, check=True).stdout == MULTIPART


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"x-plain", b"1", Item("x-plain", ":", "1")),
        (b"x-empty", b"", Item("x-empty", ";", "")),
        (b"x-json", b"=1", Item("x-json", ":", "=1")),
        (b"x-file", b"@/etc/passwd", Item("x-file", ":", "@/etc/passwd")),
        (b"x-embed", b"=@/etc/passwd", Item("x-embed", ":", "=@/etc/passwd")),
        (b"x-quotes", b"a'b\"c $HOME `id` !x", Item("x-quotes", ":", "a'b\"c $HOME `id` !x")),
        (b"x-colons", b"a:b=c@d;e", Item("x-colons", ":", "a:b=c@d;e")),
        (b"x-slash", b"C:\\temp", Item("x-slash", ":", "C:\\temp")),
    ],
)
def test_headers(name: bytes, value: bytes, expected: Item, tmp_path: Path) -> None:
    (line,) = only(tmp_path, (name, value))
    assert read(line).items[0] == expected


@pytest.mark.parametrize("value", [b"a\\@b", b"\xff"])
def test_what_has_no_words_is_left_out_and_said(value: bytes, tmp_path: Path) -> None:
    comment, line = only(tmp_path, (b"x-odd", value))
    assert comment == "# left out, as HTTPie has no words for it: x-odd"
    assert "x-odd" not in line


def test_headers_that_httpie_would_add_are_taken_out(tmp_path: Path) -> None:
    (line,) = only(tmp_path, (b"accept", b"*/*"), body=b"x", method="POST")
    assert read(line).items == [
        Item("accept", ":", "*/*"),
        Item("accept-encoding", ":", ""),
        Item("connection", ":", ""),
        Item("user-agent", ":", ""),
        Item("content-type", ":", ""),
    ]


def test_a_method_for_which_there_is_no_word(tmp_path: Path) -> None:
    (line,) = only(tmp_path, method="M-SEARCH")
    assert line.startswith("# ")


def test_dots_and_chunks(tmp_path: Path) -> None:
    (line,) = only(tmp_path, (b"transfer-encoding", b"chunked"), body=b"x", method="POST", path="/a/../b")
    assert {"--path-as-is", "--chunked"} < set(read(line).options)
