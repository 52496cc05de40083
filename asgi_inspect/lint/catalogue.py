"""All rules: the rows of the tables in `shapes/`, and the files in `rules/`, each found by its name."""

import importlib
import pkgutil
import re
from functools import lru_cache
from typing import Final

from . import rules, shapes
from .manual import read_manual
from .rule import Rule

_FILE: Final = re.compile(r"([ahwlx][0-9]{3})_([a-z0-9_]+)")


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of their codes."""
    found = [rule for name in _modules(shapes) for rule in importlib.import_module(name).RULES]
    found += [_of_file(name) for name in _modules(rules)]
    return tuple(sorted(found, key=lambda rule: rule.code))


@lru_cache(maxsize=1)
def by_code() -> dict[str, Rule]:
    """Every rule by its code."""
    return {rule.code: rule for rule in all_rules()}


def _modules(package: object) -> list[str]:
    name, path = package.__name__, package.__path__  # type: ignore[attr-defined]  # every package has them
    return [f"{name}.{module.name}" for module in pkgutil.iter_modules(path) if not module.name.startswith("_")]


def _of_file(module_name: str) -> Rule:
    module = importlib.import_module(module_name)
    match = _FILE.fullmatch(module_name.rpartition(".")[2])
    assert match, f"{module_name}: a file of a rule is called by its code and its name"
    return Rule(
        code=match[1].upper(),
        name=match[2].replace("_", "-"),
        about=module.ABOUT,
        manual=read_manual(module.__doc__ or ""),
        check=module.check,
        field=module.ABOUT.field,
    )
