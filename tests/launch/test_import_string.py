"""What names an application, and what is meant by what does not."""

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.launch.import_string import require_import_string


@pytest.mark.parametrize("text", ["main:app", "a.b.c:box.app", "my-module:app", "main:app.x"])
def test_an_import_string(text: str) -> None:
    require_import_string(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("main", '"main" is no application: write it as module:attribute, such as main:app.'),
        ("main:", '"main:" is no application: write it as module:attribute, such as main:app.'),
        (":api", '":api" is no application: write it as module:attribute, such as main:api.'),
        ("", '"" is no application: write it as module:attribute, such as main:app.'),
        ("main.py", "main.py is a file; name the application by its module: main:app."),
        ("main.py:api", "main.py:api is a file; name the application by its module: main:api."),
        (
            "src/web/main.py:api",
            "src/web/main.py:api is a file; name the application by its module: main:api --app-dir src/web.",
        ),
        ("main:create_app()", "write main:create_app without the parentheses, and add --factory."),
        ("\x1b[31m", '"\\x1b[31m" is no application: write it as module:attribute, such as \\x1b[31m:app.'),
    ],
)
def test_anything_else(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_import_string(text)
    assert str(refused.value) == sentence
