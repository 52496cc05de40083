"""The ways to start an application, and what holds for each: the rows and the columns of the matrix.

Each way is what a user types without us. The same with `asgi-inspect` in front (or with the import-path prefix) must serve
the same answers and end with the same status. A cell of the table in docs/launching.md is one feature of one way.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest


class Feature(enum.Enum):
    """The columns; the value is the heading."""

    ANSWERS = "same answers"
    WEBSOCKET = "WebSocket"
    LIFESPAN = "lifespan"
    SIGTERM = "SIGTERM"
    SIGINT = "SIGINT"
    CTRL_C = "Ctrl-C"
    FAILED_START = "failed start"
    WORKERS = "two workers"
    KILLED = "a worker killed"
    RELOAD = "reload"


OF_PROCESSES = {Feature.SIGINT, Feature.CTRL_C, Feature.WORKERS, Feature.KILLED, Feature.RELOAD}


class Over(enum.Enum):
    """What the clients speak, below HTTP and WebSocket; the value is the `http_version` of the scopes."""

    TCP = "1.1"
    UNIX = "1.1 over a unix socket"
    TLS = "1.1 over TLS"
    HTTP2 = "2"
    HTTP3 = "3"

    @property
    def http_version(self) -> str:
        return self.value.split()[0]

    @property
    def encrypted(self) -> bool:
        return self in (Over.TLS, Over.HTTP2, Over.HTTP3)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to start an application. `{port}` in the command stands for a port, in what the other options add likewise."""

    server: str
    name: str
    """Its row in the table."""
    bare: str
    """What the user types without us."""
    option: bool = False
    """Whether it is another way only by an option that has nothing to do with processes and signals: not asked about those."""
    prefixed: bool = False
    """Whether it is traced by the import-path prefix; else `asgi-inspect` stands in front."""
    short: bool = False
    """Whether `asgi-inspect` takes the place of the first word."""
    env: Mapping[str, str] = field(default_factory=dict)
    over: Over = Over.TCP
    reserves: bool = False
    """Whether the port must be chosen before: this server does not say which one it got."""
    lifespan: bool = True
    shuts_down: frozenset[Feature] = frozenset({Feature.SIGTERM, Feature.SIGINT, Feature.CTRL_C})
    """After which signals the server tells the lifespan of the end."""
    tries_again: bool = False
    """Whether its supervisor tries for ever to start a worker whose application raises on import."""
    workers: str = ""
    """The options that give it two workers."""
    ends_with: frozenset[int] = frozenset()
    """If the server ends when a worker is killed (else it replaces it): the statuses between which its own haste decides."""
    reload: str = ""
    """The options that make it start again after an edit."""
    restarts: bool = True
    """Whether it really does."""

    @property
    def id(self) -> str:
        return self.name.replace("`", "")

    def command(self, more: str = "", *, traced: bool) -> str:
        """The whole command line, bare or traced."""
        bare = f"{self.bare} {more}".strip()
        if not traced:
            return bare
        if self.prefixed:
            return bare.replace("main:app", "asgi_inspect.on.main:app")
        return f"asgi-inspect {bare.partition(' ')[2] if self.short else bare}"

    def cell(self, feature: Feature) -> str:
        """What the table says."""
        if self.option and feature in OF_PROCESSES:
            return "–"
        match feature:
            case Feature.LIFESPAN:
                return "yes" if self.lifespan else "has none"
            case Feature.SIGTERM | Feature.SIGINT | Feature.CTRL_C:
                return "yes" if feature in self.shuts_down or not self.lifespan else "no shutdown"
            case Feature.FAILED_START:
                return "tries again" if self.tries_again else "yes"
            case Feature.WORKERS:
                return "yes" if self.workers else "–"
            case Feature.KILLED:
                return "–" if not self.workers else "server ends" if self.ends_with else "replaced"
            case Feature.RELOAD:
                return "–" if not self.reload else "yes" if self.restarts else "no restart"
        return "yes"


UVICORN = "uvicorn main:app --port {port}"
HYPERCORN = "hypercorn main:app --bind 127.0.0.1:{port}"
GRANIAN = "granian main:app --interface asgi --port {port}"
DAPHNE = "daphne main:app --port {port}"
GUNICORN = "gunicorn main:app --bind 127.0.0.1:{port}"
# On SIGINT that is sent to the master alone it kills workers of this class after the graceful timeout.
_UVICORN_WORKER = "-k uvicorn_worker.UvicornWorker --graceful-timeout 1"
UVICORN_WORKER = f"{GUNICORN} {_UVICORN_WORKER}"
NATIVE_WORKER = f"{GUNICORN} -k asgi"

_HYPERCORN_ENDS = frozenset({0, 241})  # 241 where it has ended the other worker before that could end by itself
_GRANIAN_ENDS = frozenset({1})

_ON_TERM = frozenset({Feature.SIGTERM})
_NOT_ON_INT = frozenset({Feature.SIGTERM, Feature.CTRL_C})

WAYS = [
    # --- uvicorn ---
    Way(
        server="uvicorn",
        name="`asgi-inspect main:app`",
        bare=UVICORN,
        short=True,
        workers="--workers 2",
        reload="--reload",
    ),
    Way(
        server="uvicorn",
        name="`uvicorn`",
        bare=f"{UVICORN} --http httptools --ws websockets",
        workers="--workers 2",
        reload="--reload",
    ),
    Way(
        server="uvicorn",
        name="`uvicorn --http h11 --ws wsproto`",
        option=True,
        bare=f"{UVICORN} --http h11 --ws wsproto",
    ),
    Way(
        server="uvicorn",
        name="`uvicorn --factory`",
        option=True,
        bare="uvicorn --factory main:create_app --port {port}",
    ),
    Way(
        server="uvicorn",
        name="`uvicorn --app-dir`",
        option=True,
        bare="uvicorn --app-dir inside deep:app --port {port}",
    ),
    Way(server="uvicorn", name="`uvicorn --env-file`", option=True, bare=f"{UVICORN} --env-file settings.env"),
    Way(
        server="uvicorn",
        name="`uvicorn`, `UVICORN_*` variables",
        option=True,
        bare="uvicorn --port {port}",
        env={"UVICORN_APP": "main:app", "UVICORN_SERVER_HEADER": "0"},
    ),
    Way(
        server="uvicorn",
        name="`uvicorn`, `WEB_CONCURRENCY=2`",
        option=True,
        bare=UVICORN,
        env={"WEB_CONCURRENCY": "2"},
        tries_again=True,
    ),
    Way(
        server="uvicorn",
        name="`uvicorn --ssl-certfile`",
        option=True,
        bare=f"{UVICORN} --ssl-certfile cert.pem --ssl-keyfile key.pem",
        over=Over.TLS,
    ),
    Way(
        server="uvicorn", name="`uvicorn --uds`", option=True, bare="uvicorn main:app --uds server.sock", over=Over.UNIX
    ),
    Way(
        server="uvicorn",
        name="`uvicorn --http zttp --http2`",
        option=True,
        bare=f"{UVICORN} --http zttp --http2 --ssl-certfile cert.pem --ssl-keyfile key.pem",
        over=Over.HTTP2,
    ),
    # --- hypercorn ---
    Way(
        server="hypercorn",
        name="`hypercorn`",
        bare=HYPERCORN,
        workers="-w 2",
        ends_with=_HYPERCORN_ENDS,
        reload="--reload",
    ),
    Way(
        server="hypercorn",
        name="`hypercorn -k uvloop`",
        bare=f"{HYPERCORN} -k uvloop",
        workers="-w 2",
        ends_with=_HYPERCORN_ENDS,
        reload="--reload",
    ),
    Way(
        server="hypercorn",
        name="`hypercorn -k trio`",
        bare=f"{HYPERCORN} -k trio",
        workers="-w 2",
        ends_with=_HYPERCORN_ENDS,
        reload="--reload",
    ),
    Way(
        server="hypercorn",
        name="`hypercorn --certfile`, HTTP/2",
        option=True,
        bare=f"{HYPERCORN} --certfile cert.pem --keyfile key.pem",
        over=Over.HTTP2,
    ),
    Way(
        server="hypercorn",
        name="`hypercorn --quic-bind`, HTTP/3",
        option=True,
        bare=f"{HYPERCORN} --quic-bind 127.0.0.1:{{port}} --graceful-timeout 1 --certfile cert.pem --keyfile key.pem",
        over=Over.HTTP3,
    ),
    Way(
        server="hypercorn",
        name="`hypercorn dir/file.py:app`",
        option=True,
        bare="hypercorn inside/deep.py:app --bind 127.0.0.1:{port}",
    ),
    Way(
        server="hypercorn",
        name="`hypercorn main:create_app()`",
        option=True,
        bare="hypercorn main:create_app() --bind 127.0.0.1:{port}",
    ),
    # --- granian ---
    Way(
        server="granian",
        name="`granian`",
        bare=GRANIAN,
        reserves=True,
        workers="--workers 2",
        ends_with=_GRANIAN_ENDS,
        reload="--reload",
    ),
    Way(
        server="granian",
        name="`granian --factory`",
        option=True,
        bare="granian main:create_app --factory --interface asgi --port {port}",
        reserves=True,
    ),
    Way(
        server="granian",
        name="`granian --ssl-certificate`, HTTP/2",
        option=True,
        bare=f"{GRANIAN} --http auto --ssl-certificate cert.pem --ssl-keyfile key.pem",
        over=Over.HTTP2,
        reserves=True,
    ),
    # --- daphne ---
    Way(server="daphne", name="`daphne`", bare=f"{DAPHNE} --server-name here -v 1", lifespan=False),
    Way(
        server="daphne",
        name="`daphne -e`",
        option=True,
        bare="daphne main:app -e tcp:port={port}:interface=127.0.0.1",
        lifespan=False,
    ),
    # --- gunicorn ---
    Way(
        server="gunicorn",
        name="`gunicorn -k uvicorn_worker.UvicornWorker`",
        bare=UVICORN_WORKER,
        shuts_down=_NOT_ON_INT,
        workers="-w 2",
        reload="--reload",
        restarts=False,
    ),
    Way(
        server="gunicorn",
        name="`gunicorn -k asgi`",
        bare=NATIVE_WORKER,
        shuts_down=_ON_TERM,
        workers="-w 2",
        reload="--reload",
    ),
    Way(
        server="gunicorn",
        name="`gunicorn -c conf.py`",
        option=True,
        bare="gunicorn main:app -c conf.py",
        shuts_down=_ON_TERM,
    ),
    Way(
        server="gunicorn",
        name="`gunicorn --preload`, that worker",
        bare=f"{UVICORN_WORKER} --preload",
        shuts_down=_NOT_ON_INT,
        workers="-w 2",
    ),
    Way(
        server="gunicorn",
        name="`gunicorn --preload -k asgi`",
        bare=f"{NATIVE_WORKER} --preload",
        shuts_down=_ON_TERM,
        workers="-w 2",
    ),
    Way(
        server="gunicorn",
        name="`gunicorn --chdir`",
        option=True,
        bare=f"gunicorn deep:app --chdir inside --bind 127.0.0.1:{{port}} {_UVICORN_WORKER}",
        shuts_down=_NOT_ON_INT,
    ),
    Way(
        server="gunicorn",
        name="`gunicorn main:create_app()`",
        option=True,
        bare=f"gunicorn main:create_app() --bind 127.0.0.1:{{port}} {_UVICORN_WORKER}",
        shuts_down=_NOT_ON_INT,
    ),
    # --- scripts and modules ---
    Way(
        server="python",
        name='`python run.py`: `uvicorn.run("main:app")`',
        bare="python run.py",
        workers="workers",
        reload="reload",
    ),
    Way(server="python", name="`python run.py`: `uvicorn.run(app)`", bare="python run_object.py"),
    Way(server="python", name="`python run.py`: `Server(Config(app)).serve()`", bare="python run_server.py"),
    Way(server="python", name="`python run.py`: `hypercorn.asyncio.serve`", bare="python run_hypercorn.py"),
    Way(server="python", name="`python run.py`: `hypercorn.trio.serve`", bare="python run_trio.py"),
    Way(
        server="python",
        name="`-m fastapi dev main.py`",
        bare="python -m fastapi dev api.py --port {port} --no-reload",
        short=True,
        reload="--reload",
    ),
    Way(
        server="python",
        name="`fastapi dev main.py`",
        bare="fastapi dev api.py --port {port} --no-reload",
        option=True,
    ),
    Way(
        server="python",
        name="`-m fastapi run main.py`",
        short=True,
        bare="python -m fastapi run api.py --host 127.0.0.1 --port {port}",
        workers="--workers 2",
        reload="--reload",
    ),
    Way(
        server="python",
        name="`-m uvicorn`",
        bare=f"python -m {UVICORN}",
        short=True,
        workers="--workers 2",
        reload="--reload",
    ),
    # --- the import-path prefix ---
    Way(
        server="prefix",
        name="`uvicorn asgi_inspect.on.main:app`",
        bare=UVICORN,
        prefixed=True,
        workers="--workers 2",
        reload="--reload",
    ),
    Way(
        server="prefix",
        name="`hypercorn asgi_inspect.on.main:app`",
        bare=HYPERCORN,
        prefixed=True,
        workers="-w 2",
        ends_with=_HYPERCORN_ENDS,
        reload="--reload",
    ),
    Way(
        server="prefix",
        name="`granian asgi_inspect.on.main:app`",
        bare=GRANIAN,
        prefixed=True,
        reserves=True,
        workers="--workers 2",
        ends_with=_GRANIAN_ENDS,
        reload="--reload",
    ),
    Way(server="prefix", name="`daphne asgi_inspect.on.main:app`", bare=DAPHNE, prefixed=True, lifespan=False),
    Way(
        server="prefix",
        name="`gunicorn asgi_inspect.on.main:app`",
        bare=NATIVE_WORKER,
        prefixed=True,
        shuts_down=_ON_TERM,
        workers="-w 2",
        reload="--reload",
    ),
]

COVERED: set[Feature] = set()
"""The features that a test is there for."""

_Test = TypeVar("_Test", bound=Callable[..., Any])


def ways_with(feature: Feature) -> Sequence[Way]:
    """The rows whose cell in this column is not empty."""
    return [way for way in WAYS if way.cell(feature) != "–"]


def covers(feature: Feature) -> Callable[[_Test], _Test]:
    """This test fills a column."""

    def mark(test: _Test) -> _Test:
        COVERED.add(feature)
        return test

    return mark


def each_way(feature: Feature) -> Callable[[_Test], _Test]:
    """This test fills a column, and is run for each way that has a cell there."""

    def mark(test: _Test) -> _Test:
        ways = ways_with(feature)
        parametrized: _Test = pytest.mark.parametrize("way", ways, ids=[way.id for way in ways])(test)
        return covers(feature)(parametrized)

    return mark
