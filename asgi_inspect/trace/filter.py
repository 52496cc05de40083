"""Which connections are meant, in the habit of search fields on the web: `status:5xx path:/api/* -method:GET,HEAD`.

Terms stand between spaces, and all of them must hold; a `-` in front negates; commas mean "or". What stands in quotes has
spaces, commas and colons as plain characters; a backslash does that for one character, and takes the meaning from a `*`. A
word without a colon is looked for anywhere (`text:`).
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

from ..errors import FilterError
from ..text import safe
from .facts import Facts
from .patterns import SPECIAL
from .predicates import Event, Test
from .seen import Asked
from .terms import BY_NAME, KINDS, SYNONYMS, Kind

_BARE: Final = "text"
_LONGEST_QUOTED: Final = 60


@dataclass(frozen=True)
class Term:
    """One term of a filter; its values are alternatives."""

    name: str
    values: tuple[str, ...]
    negated: bool = False
    tests: tuple[Test, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{'-' if self.negated else ''}{self.name}:{','.join(map(_quoted, self.values))}"

    @property
    def kind(self) -> Kind:
        """Its line in the table."""
        return BY_NAME[self.name]

    @property
    def literals(self) -> tuple[str, ...]:
        """Texts of which some line of every matching connection holds one; empty where there are none."""
        if self.negated or not all(test.literals for test in self.tests):
            return ()
        return tuple(dict.fromkeys(literal for test in self.tests for literal in test.literals))

    def decide(self, facts: Facts, *, final: bool) -> bool | None:
        """Whether it holds of a connection; None: not known yet."""
        verdict = (
            _any([test.facts(facts) for test in self.tests]) if len(self.tests) > 1 else self.tests[0].facts(facts)
        )
        if verdict is None:
            return self.negated if final else None
        if not self.negated:
            return verdict
        return None if verdict and self.kind.passing and not final else not verdict

    def decide_message(self, facts: Facts, record: Event, message: Any) -> bool:
        """Whether it holds of a message; of its connection, where it says nothing of messages."""
        verdict = _any(
            [test.facts(facts) if test.message is None else test.message(facts, record, message) for test in self.tests]
        )
        return bool(verdict) is not self.negated


def _any(verdicts: Sequence[bool | None]) -> bool | None:
    if any(verdicts):
        return True
    return None if None in verdicts else False


@dataclass(frozen=True)
class Filter:
    """Terms that must all hold; falsy where there are none, and then every connection is meant."""

    terms: tuple[Term, ...] = ()
    now: datetime | None = field(default=None, compare=False, repr=False)
    """From when `since:10m` counts back."""

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def __reduce__(self) -> tuple[Any, ...]:
        return (parse_filter, (str(self), self.now))  # the tests are functions, which do not travel

    @cached_property
    def want(self) -> Asked:
        """What must be kept of each connection beyond the plain facts."""
        tests = [test for term in self.terms for test in term.tests]
        return Asked(
            message_types=any(term.kind.message_types for term in self.terms),
            headers=any(term.kind.headers for term in self.terms),
            bodies=tuple(dict.fromkeys(test.body for test in tests if test.body is not None)),
            texts=tuple(dict.fromkeys(test.text for test in tests if test.text is not None)),
        )

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """Texts of which some line of every matching connection holds one, as text; empty where there are none."""
        found = [term.literals for term in self.terms if term.literals]
        return max(found, key=lambda texts: (-len(texts), min(map(len, texts))), default=())

    @property
    def literal(self) -> str | None:
        """A text that some line of every matching connection holds; None where there is none."""
        return self.literals[0] if len(self.literals) == 1 else None

    def decide(self, facts: Facts, *, final: bool) -> bool | None:
        """Whether a connection is meant. None: that cannot be told yet, which is so only while not `final`."""
        unknown = False
        for term in self._cheap_first:
            verdict = term.decide(facts, final=final)
            if verdict is False:
                return False
            unknown = unknown or verdict is None
        return None if unknown else True

    @cached_property
    def _cheap_first(self) -> list[Term]:
        return sorted(self.terms, key=lambda term: term.kind.headers)

    def decide_message(self, facts: Facts, record: Event, message: Any) -> bool:
        """Whether a single message is meant; terms that say nothing of messages look at its connection.

        message: that of the record, looked up where it passed unchanged.
        """
        return all(term.decide_message(facts, record, message) for term in self.terms)


def parse_filter(text: str | Sequence[str], now: datetime | None = None) -> Filter:
    """The filter that a text says, or several, all of which must hold.

    now: from when `since:10m` counts back; its zone is that of times without one. By default now, in local time.
    Raises FilterError, whose text is one sentence.
    """
    now = now or datetime.now().astimezone()
    texts = [text] if isinstance(text, str) else text
    return Filter(tuple(_term(word, now) for one in texts for word in words_of(one)), now)


class Value(NamedTuple):
    """One value, with its position in the text, from 1."""

    text: str
    at: int


class Word(NamedTuple):
    """One term as it stands in a text, its values in the form that patterns have."""

    name: str | None
    values: list[Value]
    negated: bool
    at: int


def words_of(text: str) -> list[Word]:
    """The terms of a text. Raises FilterError for a quote that is not closed."""
    reader, words = _Reader(text), []
    while reader.skip_blanks():
        words.append(reader.word())
    return words


class _Reader:
    """Goes through a text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def skip_blanks(self) -> bool:
        """Go to the next term; False where there is none."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def word(self) -> Word:
        """The term that begins here."""
        begin = self._at
        negated = self._text[begin] == "-"
        self._at += negated
        name, values, quoted = None, [self._at + 1], False
        piece: list[str] = []
        pieces = [piece]
        while self._at < len(self._text) and not self._text[self._at].isspace():
            character = self._text[self._at]
            if character == '"' or (character == "'" and piece[-1:] in ([], ["="])):
                piece += self._quoted(character)
                quoted = True
                continue
            self._at += 1
            if character == "\\":
                piece.append(self._escaped())
            elif character == ":" and name is None and len(pieces) == 1 and not quoted:
                name, values, piece = "".join(piece), [self._at + 1], []
                pieces = [piece]
            elif character == ",":
                piece = []
                pieces.append(piece)
                values.append(self._at + 1)
            else:
                piece.append(character)
        found = [Value("".join(piece), at) for piece, at in zip(pieces, values, strict=True)]
        return Word(name, found, negated, begin + 1 + negated)

    def _quoted(self, quote: str) -> list[str]:
        begin = self._at
        self._at += 1
        inner: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == quote:
                return inner
            inner.append(self._escaped() if character == "\\" else character)
        raise FilterError(f"the quote at {begin + 1} is not closed.")

    def _escaped(self) -> str:
        """What stands behind a backslash; only where it would mean something the backslash stays."""
        if self._at == len(self._text):
            return "\\\\"
        character = self._text[self._at]
        self._at += 1
        return f"\\{character}" if character in SPECIAL else character


def _term(word: Word, now: datetime) -> Term:
    name = _BARE if word.name is None else word.name.lower()
    kind = BY_NAME.get(name)
    if kind is None:
        raise FilterError(_unknown(word))
    for value in word.values:
        if not value.text:
            raise FilterError(f"{name} has no value at {value.at}: it takes {kind.takes}.")
    values = kind.spread([value.text for value in word.values])
    tests = [_test(kind, text, value, now) for text, value in zip(values, word.values, strict=True)]
    return Term(name, tuple(values), word.negated, tuple(tests))


def _test(kind: Kind, text: str, value: Value, now: datetime) -> Test:
    try:
        return kind.make(text, now)
    except (ValueError, OverflowError):
        near = difflib.get_close_matches(value.text.lower(), kind.words, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it takes {kind.takes}."
        raise FilterError(f"{_shown(value.text)} at {value.at} is no value of {kind.name}: {hint}") from None


def _unknown(word: Word) -> str:
    name = (word.name or "").lower()
    near = [SYNONYMS[name]] if name in SYNONYMS else difflib.get_close_matches(name, BY_NAME, n=1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"there is {', '.join(kind.name for kind in KINDS)}; a text with a colon stands in quotes."
    )
    return f"unknown term {_shown(word.name or '')} at {word.at}: {hint}"


def _shown(text: str) -> str:
    return f'"{safe(text if len(text) <= _LONGEST_QUOTED else text[:_LONGEST_QUOTED] + "…")}"'


def _quoted(value: str) -> str:
    """A value, written so that it is read as the same."""
    if not any(character.isspace() or character in ",\"'" for character in value):
        return value
    return '"' + value.replace('"', '\\"') + '"'
