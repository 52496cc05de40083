"""What is secret on a command line."""

import pytest

from asgi_inspect.redaction.arguments import clean_arguments


def _hide(argument: str) -> str:
    return "[redacted]"


ARGUMENTS: list[tuple[str, str]] = [
    ("uvicorn main:app --port 8000", "uvicorn main:app --port 8000"),
    ("x --password leaf main:app", "x --password [redacted] main:app"),
    ("x --password=leaf", "x --password=[redacted]"),
    (
        "x --ssl-keyfile-password leaf --ssl-keyfile key.pem",
        "x --ssl-keyfile-password [redacted] --ssl-keyfile key.pem",
    ),
    ("x --api-key -leaf", "x --api-key [redacted]"),
    ("x --api_key=", "x --api_key=[redacted]"),
    ("x --TOKEN leaf", "x --TOKEN [redacted]"),
    ("x --token --reload", "x --token --reload"),
    ("x -token leaf", "x -token [redacted]"),
    ("env API_TOKEN=leaf DEBUG=1", "env API_TOKEN=[redacted] DEBUG=1"),
    ("x tokens.py secret", "x tokens.py secret"),
    ("x postgres://me:leaf@host/db?a=b", "x postgres://[redacted]@host/db?a=b"),
    ("x https://leaf@host https://host/a@b", "x https://[redacted]@host https://host/a@b"),
    ("x --dsn=redis://:leaf@host", "x --dsn=redis://[redacted]@host"),
    ("x --password", "x --password"),
    ("x --db-pass=leaf DB_PWD=leaf --jwt leaf", "x --db-pass=[redacted] DB_PWD=[redacted] --jwt [redacted]"),
    ("curl -u me:leaf -H X-Auth:leaf -b sid=leaf", "curl -u me:[redacted] -H X-Auth:[redacted] -b sid=[redacted]"),
    ("x https://host/?a=b&api_key=leaf", "x https://host/?a=b&api_key=[redacted]"),
    ("x AccountName=a;AccountKey=leaf", "x AccountName=a;AccountKey=[redacted]"),
    ('x {"password":"leaf","port":1}', 'x {"password":"[redacted]","port":1}'),
    ("gunicorn -u www-data --user nobody -b 0.0.0.0:80", "gunicorn -u www-data --user nobody -b 0.0.0.0:80"),
]


@pytest.mark.parametrize(("given", "kept"), ARGUMENTS)
def test_a_command_line_is_told_without_secrets(given: str, kept: str) -> None:
    assert clean_arguments(given.split(), _hide) == kept.split()


def test_a_secret_with_spaces_and_line_breaks() -> None:
    assert clean_arguments(["--secret=a\nb c", "--secret", "a\nb"], _hide) == [
        "--secret=[redacted]",
        "--secret",
        "[redacted]",
    ]
