"""How the same interpreter is started again."""

import subprocess
import sys
from pathlib import Path

import pytest

from asgi_inspect.launch.interpreter import child_command, python_options


@pytest.mark.parametrize(
    ("orig_argv", "options"),
    [
        (["python", "-m", "asgi_inspect", "-o", "x"], []),
        (["python", "/bin/asgi-inspect", "main:app"], []),
        (["python", "-X", "dev", "-W", "error", "-m", "asgi_inspect"], ["-X", "dev", "-W", "error"]),
        (["python", "-Xdev", "-Werror", "script"], ["-Xdev", "-Werror"]),
        (["python", "-u", "-OO", "-I", "script", "-u"], ["-u", "-OO", "-I"]),
        (["python", "-Bm", "asgi_inspect"], ["-B"]),
        (["python", "-BuW", "error", "-c", "x"], ["-BuW", "error"]),
        (["python", "--check-hash-based-pycs", "always", "script"], ["--check-hash-based-pycs", "always"]),
        (["python", "-masgi_inspect"], []),
        (["python", "-", "x"], []),
        (["python"], []),
    ],
)
def test_python_options(orig_argv: list[str], options: list[str]) -> None:
    assert python_options(orig_argv) == options


def test_a_module_is_started_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "-m", "asgi_inspect"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", object())
    command = child_command("uvicorn", ["main:app", "--port", "1"])
    assert command == [
        sys.executable,
        "-X",
        "dev",
        "-m",
        "asgi_inspect.launch.child",
        "uvicorn",
        "main:app",
        "--port",
        "1",
    ]


def test_a_script_keeps_the_working_directory_out_of_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", str(tmp_path / "asgi-inspect")])
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "asgi-inspect"), "main:app"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    command = child_command("uvicorn", ["main:app"])
    assert command == [
        sys.executable,
        "-P",
        "-m",
        "asgi_inspect.launch.child",
        str(tmp_path.resolve() / "uvicorn"),
        "main:app",
    ]


APP = """
import json, sys
json.dump({"path": sys.path, "argv": sys.argv, "main": sys.modules["__main__"].__name__}, open("seen.json", "w"))
raise SystemExit(7)
"""


@pytest.mark.parametrize("way", ["script", "module"])
def test_the_application_sees_what_the_bare_server_shows_it(way: str, tmp_path: Path) -> None:
    """`sys.path` and `sys.argv` while the user's module is imported, under a console script and under `python -m`."""
    (tmp_path / "main.py").write_text(APP)
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name, module in (("uvicorn", "uvicorn.main"), ("asgi-inspect", "asgi_inspect.cli")):
        script = scripts / name
        script.write_text(f"#!{sys.executable}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        script.chmod(0o755)
    bare, ours = (
        ([scripts / "uvicorn"], [scripts / "asgi-inspect"])
        if way == "script"
        else ([sys.executable, "-m", "uvicorn"], [sys.executable, "-m", "asgi_inspect"])
    )
    seen = [_seen([*map(str, command), "main:app", "--port", "0", "--factory"], tmp_path) for command in (bare, ours)]
    assert seen[0]["path"] == seen[1]["path"]
    assert seen[0]["argv"][1:] == seen[1]["argv"][1:] == ["main:app", "--port", "0", "--factory"]
    if way == "script":
        assert seen[0]["argv"] == seen[1]["argv"]


def _seen(command: list[str], folder: Path) -> dict[str, list[str]]:
    import json
    import os

    root = str(Path(__file__).parent.parent.parent)
    result = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 7, result.stderr
    found: dict[str, list[str]] = json.loads((folder / "seen.json").read_text())
    return found
