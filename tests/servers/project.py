"""The folder in which the servers are started: the application, and all that the ways to start it need beside it."""

from pathlib import Path

import trustme

from tests.servers.application import EDITION

_APPLICATION = Path(__file__).with_name("application.py")

_FILES = {
    "settings.env": "FROM_THE_FILE=1\n",
    "conf.py": """
import os

bind = "127.0.0.1:" + os.environ["PORT"]
worker_class = "asgi"
""",
    "api.py": """
from contextlib import asynccontextmanager
from fastapi import FastAPI
import main


@asynccontextmanager
async def lifespan(app):
    if main.FAILS:
        raise RuntimeError("no database")
    main.say("lifespan.startup")
    yield {"ready": True}
    main.say("lifespan.shutdown")


app = FastAPI(lifespan=lifespan)
app.mount("/", main.app)
""",
    "run.py": """
import os
import sys
import uvicorn

if __name__ == "__main__":
    more = {"workers": {"workers": 2}, "reload": {"reload": True}}.get(sys.argv[-1], {})
    uvicorn.run("main:app", port=int(os.environ["PORT"]), **more)
""",
    "run_object.py": """
import os
import uvicorn
from main import app

uvicorn.run(app, port=int(os.environ["PORT"]))
""",
    "run_server.py": """
import asyncio
import os
from uvicorn import Config, Server
from main import app

asyncio.run(Server(Config(app, port=int(os.environ["PORT"]))).serve())
""",
    "run_hypercorn.py": """
import asyncio
import os
from hypercorn.asyncio import serve
from hypercorn.config import Config
from main import app

config = Config()
config.bind = ["127.0.0.1:" + os.environ["PORT"]]
asyncio.run(serve(app, config))
""",
    "run_trio.py": """
import os
import signal
import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from main import app

config = Config()
config.bind = ["127.0.0.1:" + os.environ["PORT"]]


async def run():
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        await serve(app, config, shutdown_trigger=signals.__anext__)


trio.run(run)
""",
}

FAILING = {
    "module missing": None,
    "raises on import": "raise ValueError('as the module wished')",
    "startup fails": """
FAILS = True


async def app(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def create_app():
    return app
""",
}
"""What stands in the place of the application where a server shall not start."""


class Certificates:
    """One authority, and the certificate of this machine by it."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "authority.pem"
        self.chain = folder / "cert.pem"
        self.key = folder / "key.pem"
        authority = trustme.CA()
        ours = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(self.authority)
        ours.private_key_pem.write_to_path(self.key)
        for blob in ours.cert_chain_pems:
            blob.write_to_path(self.chain, append=True)


def make_project(folder: Path, certificates: Certificates, failing: str | None = None) -> Path:
    """Write all of it into a new folder; `failing`: with what stands there in the application's place."""
    folder.mkdir(parents=True)
    (folder / "inside").mkdir()
    for name, content in _FILES.items():
        (folder / name).write_text(content)
    for path in (certificates.chain, certificates.key):
        (folder / path.name).write_bytes(path.read_bytes())
    text = _APPLICATION.read_text() if failing is None else FAILING[failing]
    if text is not None:
        (folder / "main.py").write_text(text)
        (folder / "inside" / "deep.py").write_text(text)
    return folder


EDITED = "the second edition"  # longer: Python knows an old .pyc by its second and its source's size alone


def edit(project: Path) -> None:
    """Change what the application answers; nobody sees half a file."""
    text = _APPLICATION.read_text()
    assert EDITION in text
    edited = project.parent / "edited"
    edited.write_text(text.replace(EDITION, EDITED))
    edited.replace(project / "main.py")
