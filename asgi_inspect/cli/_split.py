"""One command line, two parsers: which words are ours and which the server's, each passed on exactly as it was typed.

Both tables of options are known, so a word that stands in neither is an error here, and a word that is the value of an
option is never mistaken for anything else.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import click

from ..errors import UsageError
from ..text import safe


@dataclass
class Split:
    """A command line in its parts. `server`: the word that names the server, None where it was left out."""

    ours: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    server: str | None = None


def split(
    words: Sequence[str],
    ours: Iterable[click.Parameter],
    theirs: Iterable[click.Parameter],
    is_server: Callable[[str], bool],
) -> Split:
    """Divide `words` by the options of both sides. All that stands after the word of a server is that server's.

    Raises UsageError for an option of neither side.
    """
    parts = Split()
    tables = [(_by_name(ours), parts.ours), (_by_name(theirs), parts.theirs)]
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parts.theirs += [word, *rest]
            break
        if word == "-m" and not parts.theirs:
            parts.server, parts.theirs = "python", [word, *rest]
            break
        if not word.startswith("-") or word == "-":
            if not _has_operand(parts.theirs, tables[1][0]) and is_server(word):
                parts.server = word
                parts.theirs += rest
                break
            parts.theirs.append(word)
            continue
        table, part = _owner(word, tables)
        values = _values_behind(word, table)
        part += [word, *rest[:values]]
        del rest[:values]
    return parts


_Table = dict[str, click.Option]


def _by_name(parameters: Iterable[click.Parameter]) -> _Table:
    options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
    return {name: option for option in options for name in (*option.opts, *option.secondary_opts)}


def _owner(word: str, tables: list[tuple[_Table, list[str]]]) -> tuple[_Table, list[str]]:
    name = _name(word)
    for table, part in tables:
        if name in table:
            return table, part
    raise _no_such_option(name, [known for table, _ in tables for known in table])


def _no_such_option(name: str, known: Sequence[str]) -> UsageError:
    # Without the hyphens, which all options have in common.
    bare = {option.lstrip("-"): option for option in known}
    near = difflib.get_close_matches(name.lstrip("-"), bare, n=1)
    hint = (
        f"did you mean {bare[near[0]]}?"
        if near
        else "asgi-inspect --help lists ours, asgi-inspect uvicorn --help the server's."
    )
    return UsageError(f'there is no option "{safe(name)}"; {hint}')


def _name(word: str) -> str:
    """The option that a word begins with: `--name` of `--name=value`, `-o` of `-oFILE`."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _values_behind(word: str, table: _Table) -> int:
    """How many of the words that follow are values of this one."""
    if word.startswith("--"):
        return 0 if "=" in word else _count(table[_name(word)])
    for at, letter in enumerate(word[1:], 1):
        option = table.get(f"-{letter}")
        if option is None:
            raise _no_such_option(f"-{letter}", list(table))
        if _count(option):
            return _count(option) if at == len(word) - 1 else 0
    return 0


def value_count(word: str, options: dict[str, click.Option]) -> int:
    """How many of the words that follow are values of this option; 0 for one that is not there, which click reports."""
    try:
        return _values_behind(word, options)
    except (KeyError, UsageError):
        return 0


def _count(option: click.Option) -> int:
    return 0 if option.is_flag or option.count else option.nargs


def operands(words: Sequence[str], options: Iterable[click.Parameter]) -> list[str]:
    """The words that are neither an option of this table nor a value of one."""
    table = _by_name(options)
    found: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return found + rest
        if word.startswith("-") and word != "-":
            del rest[: _values_behind(word, table)]
        else:
            found.append(word)
    return found


def _has_operand(words: Sequence[str], table: _Table) -> bool:
    return bool(operands(words, table.values()))
