"""Modules below `asgi_inspect.on`: each is the user's module of that name, with its applications dressed.

The user's module is imported when the server asks, not before, and whatever that raises comes through as it is. What looks
like an application stands in the module's own dict, as some servers evaluate an expression in `vars(module)`; what the
user's module gains later, or makes up in a `__getattr__` of its own, is looked up when it is asked for.
"""

import importlib
import types
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from ._dress import dress
from ._target import load_target, missing_module

PREFIX = "asgi_inspect.on."


class Dressed(types.ModuleType):
    """A module of the user's, seen through the prefix."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return dress(getattr(_original(self.__name__), name))


class Finder(MetaPathFinder, Loader):
    """Finds every module below the prefix: whether the user's module exists shows when it is imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.startswith(PREFIX) else None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return Dressed(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__.removeprefix(PREFIX)
        try:
            original = _original(module.__name__)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # a module that the user's own module misses
            missing_module(name, error.name)
            # Servers tell "the module is missing" from "the module fails" by this name.
            raise ModuleNotFoundError(str(error), name=module.__name__) from None
        shown = {key: dress(value) for key, value in list(vars(original).items()) if not key.startswith("__")}
        vars(module).update(shown)
        load_target(module, original)


def _original(name: str) -> types.ModuleType:
    return importlib.import_module(name.removeprefix(PREFIX))
