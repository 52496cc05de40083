"""What holds for every test: nothing of this machine's own settings gets in, and nothing is written outside of it."""

import os
import resource
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A machine that does other work meanwhile, or measures coverage, is slow: time is no property that any of these tests holds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

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


@pytest.fixture(scope="session", autouse=True)
def plenty_of_descriptors() -> None:
    """What tests leave of sinks is closed when it is collected: by then a process may have more than a thousand open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
