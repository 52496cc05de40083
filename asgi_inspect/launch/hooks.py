"""Changing modules of a server as they are imported: nothing of a server that is not used is ever imported by us."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from .server import Hooks


def install(hooks: Hooks) -> Callable[[], None]:
    """Call each of these functions with its module: now where that is imported already, else right after its import.

    Returns what ends that: modules that are imported later are not changed.
    """
    finder = _Finder(hooks)
    sys.meta_path.insert(0, finder)
    for name, change in hooks.items():
        if name in sys.modules:
            change(sys.modules[name])

    def end() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)

    return end


class _Finder(MetaPathFinder):
    """Lets the other finders find, and stands between the loader and those modules alone that have a hook."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._hooks:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:  # those in front have been asked
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._hooks)
                return spec
        return None


class _Loader(Loader):
    def __init__(self, loader: Loader, hooks: Hooks) -> None:
        self._loader = loader
        self._hooks = hooks

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # What asks the module for its loader (`inspect`, a debugger) finds its own.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._hooks[module.__name__](module)
