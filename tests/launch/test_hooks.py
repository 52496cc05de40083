"""Hooks on modules, in an interpreter of their own: when they run, and what they leave as it was."""

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.serving import ROOT

MODULES = {
    "changed.py": "value = 1",
    "other.py": "import changed; seen = changed.value",
    "package/__init__.py": "from .inner import value",
    "package/inner.py": "value = 1",
    "failing.py": "import nothing_of_that_name",
}


def run(code: str, tmp_path: Path) -> list[str]:
    for name, source in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    start = f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from asgi_inspect.launch.hooks import install
        def change(module):
            print("changed", module.__name__)
            module.value = 2
        install(dict.fromkeys(("changed", "package.inner", "failing", "never"), change))
    """
    script = textwrap.dedent(start) + textwrap.dedent(code)
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not result.stderr, result.stderr
    return result.stdout.splitlines()


def test_a_module_is_changed_once_and_before_anybody_uses_it(tmp_path: Path) -> None:
    assert run("import other, changed; print(other.seen)", tmp_path) == ["changed changed", "2"]


def test_a_name_taken_by_the_package_is_the_changed_one(tmp_path: Path) -> None:
    assert run("import package; print(package.value)", tmp_path) == ["changed package.inner", "2"]


def test_nothing_is_imported_for_a_hook(tmp_path: Path) -> None:
    assert run("print('changed' in sys.modules)", tmp_path) == ["False"]


def test_the_module_has_the_loader_it_would_have(tmp_path: Path) -> None:
    code = """
        import changed, inspect, importlib
        print(type(changed.__loader__).__name__, type(changed.__spec__.loader).__name__, inspect.getsource(changed).strip())
        importlib.reload(changed)
    """
    loaders = "SourceFileLoader SourceFileLoader value = 1"
    assert run(code, tmp_path) == ["changed changed", loaders, "changed changed"]


def test_a_module_that_is_there_already_is_changed_at_once(tmp_path: Path) -> None:
    code = """
        import other
        install({"other": lambda module: setattr(module, "seen", 3)})
        import other
        print(other.seen)
    """
    assert run(code, tmp_path) == ["changed changed", "3"]


def test_what_an_import_raises_comes_through(tmp_path: Path) -> None:
    code = """
        for name in ("failing", "never"):
            try:
                __import__(name)
            except ModuleNotFoundError as error:
                print(error.name, name in sys.modules)
    """
    assert run(code, tmp_path) == ["nothing_of_that_name False", "never False"]
