"""What a session of pytest was asked for: on the command line, else in pytest's own configuration, else in ours."""

import os
from dataclasses import dataclass
from typing import Any, Final

import pytest

from ..cli._settings import lint_defaults
from ..errors import UsageError
from .judging import Rules

_LEVEL: Final = "warning"


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    rules: by which each test is judged; None: none is.
    keep: of which tests a trace is kept: "off", "on", "retain-on-failure".
    folder: where; None: where pytest has its temporary files.
    """

    rules: Rules | None
    keep: str
    folder: str | None

    @classmethod
    def read(cls, config: pytest.Config) -> "Settings":
        """Raises pytest.UsageError for what cannot be."""
        keep = config.getoption("asgi_trace") or config.getini("asgi_trace") or "off"
        if keep not in ("off", "on", "retain-on-failure"):
            raise pytest.UsageError(f"asgi-inspect: asgi_trace takes off, on or retain-on-failure, not {keep!r}.")
        try:
            return cls(_rules(config), keep, config.getoption("asgi_trace_dir"))
        except UsageError as wrong:
            raise pytest.UsageError(f"asgi-inspect: {wrong}") from None

    def keeps(self, *, failed: bool) -> bool:
        """Whether the trace of a test is kept."""
        return self.keep == "on" or (self.keep == "retain-on-failure" and failed)


def _rules(config: pytest.Config) -> Rules | None:
    if not (config.getoption("asgi_lint") or config.getini("asgi_lint")):
        return None
    ours = lint_defaults(config.rootpath, os.environ)
    rules = Rules(
        select=_said(config, "asgi_lint_select") or _joined(ours.get("select")) or "default",
        ignore=_said(config, "asgi_lint_ignore") or _joined(ours.get("ignore")),
        level=_said(config, "asgi_lint_level") or ours.get("level") or _LEVEL,
    )
    rules.choice()  # now, and not with the first test
    return rules


def _said(config: pytest.Config, name: str) -> str:
    return _joined(config.getoption(name)) or _joined(config.getini(name))


def _joined(words: Any) -> str:
    return words if isinstance(words, str) else ",".join(words or ())
