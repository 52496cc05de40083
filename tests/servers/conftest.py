"""What the whole matrix shares."""

from pathlib import Path

import pytest

from tests.servers.project import Certificates
from tests.servers.starting import Starter


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def start(tmp_path: Path, certificates: Certificates) -> Starter:
    return Starter(tmp_path, certificates)
