"""Which rules are asked, and how bad a finding has to be to be told."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from ..errors import UsageError
from .catalogue import all_rules, by_code
from .finding import PARTIES, SEVERITIES, Finding, Party, Severity, rank
from .rule import Rule

DEFAULT: Final = "default"
"""All rules that are on by default."""
ALL: Final = "all"
_CODE: Final = re.compile(r"[AHWLX][0-9]{0,3}")


@dataclass(frozen=True)
class Choice:
    """The rules that are asked.

    select: what is asked: `"default"`, `"all"`, a rule by its code (`"H105"`) or name, or the beginning of a code (`"H"`, `"W1"`)
        for those of the rules called so that are on by default.
    ignore: what is not asked, likewise; the beginning of a code here means all that are called so.
    level: findings milder than that are not told.
    parties: whose faults are told.
    """

    select: tuple[str, ...] = (DEFAULT,)
    ignore: tuple[str, ...] = ()
    level: Severity = "info"
    parties: frozenset[Party] = frozenset(PARTIES)

    @classmethod
    def read(cls, select: str = DEFAULT, ignore: str = "", level: str = "info") -> Self:
        """From words with commas or spaces between them. Raises UsageError for one that is no rule, and for another level."""
        if level not in SEVERITIES:
            raise UsageError(f'there is no level "{level}": it is error, warning or info.')
        return cls(tuple(map(_known, _words(select))) or (DEFAULT,), tuple(map(_known, _words(ignore))), level)

    def rules(self) -> tuple[Rule, ...]:
        """The rules that are asked."""
        return _rules(self.select, self.ignore)

    def tells(self, finding: Finding) -> bool:
        """Whether a finding is told."""
        return rank(finding.severity) <= rank(self.level) and finding.party in self.parties


@lru_cache(maxsize=16)
def _rules(select: tuple[str, ...], ignore: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in all_rules() if _is_selected(rule, select) and not _names(ignore, rule))


def _is_selected(rule: Rule, select: tuple[str, ...]) -> bool:
    if ALL in select or rule.code in select:
        return True
    return rule.about.default and (DEFAULT in select or _names(select, rule))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _known(word: str) -> str:
    """A word as a code, the beginning of one, or one of ours."""
    if word.lower() in (ALL, DEFAULT):
        return word.lower()
    code = word.upper()
    if _CODE.fullmatch(code) and any(rule.code.startswith(code) for rule in all_rules()):
        return code
    names = {rule.name: rule.code for rule in all_rules()}
    if word.lower() in names:
        return names[word.lower()]
    near = difflib.get_close_matches(code, by_code(), n=1) or difflib.get_close_matches(word.lower(), names, n=1)
    meant = f"; did you mean {near[0]}?" if near else "."
    raise UsageError(f'there is no rule "{word}"{meant} asgi-inspect explain lists them all.')


def _names(words: Iterable[str], rule: Rule) -> bool:
    return any(word == ALL or rule.code.startswith(word) for word in words)
