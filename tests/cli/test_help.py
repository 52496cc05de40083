"""What the command says of itself, and what it completes."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize("words", [["--help"], ["main:app", "--help"], ["--help", "main:app"], ["run", "--help"]])
def test_help_teaches(words: list[str], run: Run) -> None:
    result = run(*words)
    assert (result.returncode, result.stderr) == (0, "")
    usage, examples, options = (result.stdout.index(word) for word in ("Usage:", "Examples:", "Options:"))
    assert usage < examples < options
    for option in ("-o, --out FILE", "--append ", "--format", "--quiet ", "--no-save ", "--body-limit SIZE", "--no-scope ",
                   "--no-body ", "--color", "--utc ", "--only errors|FILTER", "--ignore FILTER", "--version ", "--help "):  # fmt: skip
        assert option in result.stdout
    assert "asgi-inspect uvicorn --help" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_the_commands_are_listed(run: Run) -> None:
    assert "show" in run("--help").stdout.partition("Commands:")[2]
    assert run("show", "--help").returncode == 0


def test_alone_it_says_how_it_is_used(run: Run) -> None:
    result = run()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == run("--help").stdout


def test_help_for_what_is_no_command(run: Run) -> None:
    result = run("help", "foo")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "asgi-inspect: there is no command foo: asgi-inspect --help lists them all.\n"
    assert run("help", "stats").stdout == run("stats", "--help").stdout


def test_the_server_s_own_help(run: Run) -> None:
    result = run("uvicorn", "--help")
    assert result.returncode == 0
    assert "--ssl-keyfile" in result.stdout


@pytest.mark.parametrize("words", [["--version"], ["main:app", "--version"]])
def test_version(words: list[str], run: Run) -> None:
    assert run(*words).stdout.startswith("asgi-inspect 0.")


@pytest.mark.parametrize(
    ("words", "offered", "not_offered"),
    [
        ("asgi-inspect ", "show", "--port"),
        ("asgi-inspect ", "python", "run"),
        ("asgi-inspect gra", "granian", "gunicorn"),
        ("asgi-inspect --", "--out", "show"),
        ("asgi-inspect --po", "--port", "--out"),
        ("asgi-inspect main:app --body", "--body-limit", "--port"),
        ("asgi-inspect main:app --no-a", "--no-access-log", "--no-scope"),
        ("asgi-inspect main:app --lifespan ", "auto", "--port"),
        ("asgi-inspect show --fo", "--format", "--port"),
        ("asgi-inspect show --format ", "compact", "--port"),
    ],
)
def test_completion(words: str, offered: str, not_offered: str, run: Run) -> None:
    typed = words.split(" ")
    result = run(_ASGI_INSPECT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(typed) - 1))
    found = [line.partition(",")[2] for line in result.stdout.splitlines()]
    assert offered in found
    assert not_offered not in found


def test_the_completion_that_help_names_is_a_script(run: Run) -> None:
    assert "_ASGI_INSPECT_COMPLETE=bash_source asgi-inspect" in run("--help").stdout
    assert "complete" in run(_ASGI_INSPECT_COMPLETE="zsh_source").stdout
