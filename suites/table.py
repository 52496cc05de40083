"""The suites: which packages ship tests in their source archives, and what those need to run."""

from typing import Final, NamedTuple


class Suite(NamedTuple):
    """A package whose source archive carries its tests.

    package: its name in the index; the newest version there is taken.
    needs: what its tests need beside it, as pip takes it.
    folders: the folders of the archive with the code itself. They are removed: the installed package is what is tested.
    modules: whose classes are wrapped where they are applications: modules with these names, and below them.
    arguments: of pytest, or of `runner`.
    extras: of the package.
    runner: a script beside the tests that runs them with unittest; empty where pytest does.
    apart: tests that must differ, by what their names begin with, and why; they are told, and do not count.
    """

    package: str
    needs: tuple[str, ...]
    folders: tuple[str, ...]
    modules: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    extras: str = ""
    runner: str = ""
    apart: tuple[tuple[str, str], ...] = ()


_ASYNC: Final = ("pytest", "pytest-asyncio")

SUITES: Final[tuple[Suite, ...]] = (
    Suite(
        "starlette",
        ("pytest", "trio", "httpx2", "blockbuster", "opentelemetry-sdk"),
        ("starlette",),
        ("starlette", "tests"),
        extras="[full]",
    ),
    Suite(
        "fastapi",
        (
            *(
                "pytest",
                "pytest-timeout",
                "trio",
                "httpx2",
                "dirty-equals",
                "flask",
                "inline-snapshot",
                "pwdlib[argon2]",
                "pyjwt",
                "pyyaml",
            ),
            *("sqlmodel", "strawberry-graphql", "orjson", "ujson", "a2wsgi", "python-slugify", "opentelemetry-sdk"),
        ),
        ("fastapi",),
        ("fastapi", "starlette", "tests", "docs_src"),
        # What measures FastAPI itself, or its documentation's tools, drives no application.
        ("--ignore=tests/benchmarks", "--ignore=tests/test_tutorial/test_sql_databases"),
        extras="[standard]",
    ),
    Suite("asgiref", _ASYNC, ("asgiref",), ("asgiref", "tests"), extras="[tests]"),
    Suite(
        "asgi-lifespan",
        (*_ASYNC, "trio", "pytest-trio", "starlette<0.28", "httpx<0.28"),
        ("src",),
        ("asgi_lifespan", "starlette", "tests"),
    ),
    Suite("a2wsgi", (*_ASYNC, "httpx", "starlette", "baize"), ("a2wsgi",), ("a2wsgi", "starlette", "tests")),
    Suite(
        "httpx",
        ("pytest", "trio", "uvicorn", "trustme", "chardet", "cryptography", "anyio"),
        ("httpx",),
        ("httpx", "tests"),
        extras="[brotli,cli,http2,socks,zstd]",
    ),
    Suite(
        "uvicorn",
        ("pytest", "pytest-mock", "trustme", "cryptography", "httpx2", "a2wsgi", "wsproto", "zttp"),
        ("uvicorn",),
        ("uvicorn", "tests"),
        ("--ignore=tests/benchmarks",),
        extras="[standard]",
        apart=(
            (
                "tests/test_server.py::test_reset_contextvars_asyncio[",
                "it looks at all context variables, and sees the one that is ours",
            ),
        ),
    ),
    Suite(
        "hypercorn",
        (*_ASYNC, "pytest-trio", "httpx", "hypothesis", "mock"),
        ("src",),
        ("hypercorn", "tests"),
        extras="[h3,trio,uvloop]",
    ),
    Suite(
        "sanic",
        (*_ASYNC, "sanic-testing", "beautifulsoup4", "uvicorn", "aiofiles", "chardet", "aioquic", "websockets<14"),
        ("sanic",),
        ("sanic", "tests"),
        ("-m", "not xdist_group", "-k", "asgi"),
    ),
    Suite(
        "django", (), ("django",), ("django", "asgi"), ("asgi", "staticfiles_tests", "handlers"), runner="runtests.py"
    ),
)
