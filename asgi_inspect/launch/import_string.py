"""The application as the user names it: `module:attribute`."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from ..errors import UsageError
from ..text import safe

# `unix:/run/socket`, `fd://3` and `localhost:8000` have no name behind the colon, `python:conf` and `file:conf.py` are configurations.
_IMPORT_STRING = re.compile(r"(?!(?:python|file|egg|unix|tcp|ssl):)(?:[aw]sgi:)?[\w./-]+:[^\W\d][\w.]*(?:\(.*\))?")


def application_in(arguments: Sequence[str]) -> str | None:
    """What looks like the application on a command line that only its server understands; good enough to be shown."""
    return next((word for word in arguments if _IMPORT_STRING.fullmatch(word)), None)


def require_import_string(text: str) -> None:
    """Raise UsageError, with what may be meant, unless this has the form of an import string. Nothing is imported."""
    module, _, attributes = text.partition(":")
    if module.endswith(".py") or "/" in module or "\\" in module:
        raise UsageError(f"{safe(text)} is a file; name the application by its module: {_of_file(module, attributes)}.")
    if not module or not attributes:
        example = f"{module or 'main'}:{attributes or 'app'}"
        raise UsageError(f'"{safe(text)}" is no application: write it as module:attribute, such as {safe(example)}.')
    if attributes.endswith("()"):
        raise UsageError(f"write {safe(text.removesuffix('()'))} without the parentheses, and add --factory.")


def _of_file(file: str, attributes: str) -> str:
    path = PurePath(file.replace("\\", "/"))
    folder = "" if path.parent == PurePath() else f" --app-dir {path.parent}"
    return safe(f"{path.stem}:{attributes or 'app'}{folder}")
