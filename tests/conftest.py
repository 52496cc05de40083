"""What holds for every test: nothing of this machine's own settings gets in, and nothing is written outside of it."""

import os
from collections.abc import Iterator

import pytest

# Settings of people who run the tests, which would change what is tested.
FOREIGN = ("ASGI_INSPECT", "UVICORN_", "WEB_CONCURRENCY", "FORCE_COLOR", "NO_COLOR", "CLICOLOR", "COLUMNS", "LINES")


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable of ours, of a server's or of a terminal's; the state folder is a temporary one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(FOREIGN):
                patch.delenv(name)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("PYTHONUNBUFFERED", "1")
        yield
