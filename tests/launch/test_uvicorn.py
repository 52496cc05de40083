"""What uvicorn would do with a command line, asked without doing it; and which words start a server."""

import click
import pytest
import uvicorn as real

from asgi_inspect.errors import UsageError
from asgi_inspect.launch import uvicorn
from asgi_inspect.launch.server import Plan, server_named


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("main:app", ("127.0.0.1", 8000)),
        ("main:app --host 0.0.0.0 --port 9000", ("0.0.0.0", 9000)),
        ("--port=0 main:app", None),
        ("main:app --uds socket", None),
        ("main:app --fd 3", None),
        ("main:app --reload --workers 4 --ssl-keyfile k", ("127.0.0.1", 8000)),
    ],
)
def test_plan(words: str, address: tuple[str, int] | None) -> None:
    assert uvicorn.plan(words.split()) == Plan(server=f"uvicorn {real.__version__}", app="main:app", address=address)


def test_variables_of_uvicorn_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UVICORN_APP", "other:app")
    monkeypatch.setenv("UVICORN_PORT", "9001")
    monkeypatch.setenv("UVICORN_HOST", "::1")
    assert uvicorn.plan([]) == Plan(server=f"uvicorn {real.__version__}", app="other:app", address=("::1", 9001))


@pytest.mark.parametrize(
    "words", ["", "main:app --port x", "main:app --nothing", "main:app other:app", "main:app --env-file no"]
)
def test_what_uvicorn_refuses(words: str) -> None:
    with pytest.raises(click.UsageError):
        uvicorn.plan(words.split())


@pytest.mark.parametrize("words", ["main", "main.py:app", "main:app --interface wsgi"])
def test_what_cannot_be_traced(words: str) -> None:
    with pytest.raises(UsageError):
        uvicorn.plan(words.split())


def test_servers_are_found_by_their_names() -> None:
    assert server_named("uvicorn") is uvicorn
    for word in ("state", "child", "nothing", "main:app", "", "../x", "os"):
        assert server_named(word) is None
