"""Options: a keyword, else its variable, else its default; what is wrong is named in one sentence."""

import functools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest

from asgi_inspect.capture import notice
from asgi_inspect.errors import UsageError
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import (
    BODY_LIMIT,
    KEEP_FILES,
    LAUNCH_VARIABLE,
    MAX_BYTES,
    Launch,
    Options,
    absolute_out,
    choose_out,
    parse_flag,
    parse_size,
    read_launch,
    read_options,
)
from asgi_inspect.trace.records import ProcessRecord, Record
from tests.asking import app, ask
from tests.capture.sinking import until


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


def launched(**fields: Any) -> dict[str, str]:
    return {LAUNCH_VARIABLE: msgspec.json.encode(Launch(**{"file": "/run.jsonl", **fields})).decode()}


# --- keyword, variable, default ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "default", "variable", "from_variable", "keyword", "from_keyword"),
    [
        ("body_limit", BODY_LIMIT, "1k", 1024, 5, 5),
        ("body_limit", BODY_LIMIT, "none", None, "2M", 2 * 1024**2),
        ("body_limit", BODY_LIMIT, "5", 5, None, None),
        ("max_bytes", 268435456, "64M", 64 * 1024**2, "1G", 1024**3),
        ("max_bytes", 268435456, "none", None, 1, 1),
        ("keep_files", 5, "2", 2, " 30 ", 30),
        ("keep_files", 5, "100", 100, 1, 1),
        ("flush", "connection", "record", "record", "connection", "connection"),
        ("format", "pretty", "compact", "compact", "jsonl", "jsonl"),
        ("color", "auto", "never", "never", "always", "always"),
        ("utc", False, "1", True, False, False),
        ("scope", True, "no", False, True, True),
        ("body", True, "off", False, True, True),
        ("sample", None, "0.01", 0.01, 1, 1.0),
        ("sample", None, "1", 1.0, "none", None),
        ("capture", None, "path:/x", "path:/x", "-path:/y", "-path:/y"),
        ("only", None, "errors", "errors", None, None),
    ],
)
def test_a_keyword_else_its_variable_else_its_default(
    name: str, default: Any, variable: str, from_variable: Any, keyword: Any, from_keyword: Any
) -> None:
    environ = {f"ASGI_INSPECT_{name.upper()}": variable}
    assert getattr(read_options({}, {}), name) == default
    assert getattr(read_options({}, environ), name) == from_variable
    assert getattr(read_options({name: keyword}, environ), name) == from_keyword
    assert read_options({name: default}, {}) == Options()


def test_an_empty_variable_is_none() -> None:
    environ = {f"ASGI_INSPECT_{name.upper()}": "" for name in (*Options.__struct_fields__, "out")}
    assert read_options({}, environ) == Options()
    assert choose_out(None, environ) == (None, False)


def test_the_middleware_has_them_all() -> None:
    """Each option of ours can be given to the constructor, and nothing else can."""
    import inspect

    parameters = inspect.signature(InspectMiddleware).parameters
    assert set(Options.__struct_fields__) - {"launch"} <= set(parameters)
    assert [name for name, p in parameters.items() if p.kind is not p.KEYWORD_ONLY] == ["app"]
    wrong: dict[str, Any] = {"bodylimit": 5}
    with pytest.raises(TypeError, match="bodylimit"):
        InspectMiddleware(app, **wrong)


# --- what is wrong -----------------------------------------------------------------------------------------------------

WRONG: list[tuple[str, Any, str]] = [
    ("body_limit", -1, "body_limit takes a number of bytes such as 65536, 64k or 1M, or none; not -1."),
    ("body_limit", True, "body_limit takes a number of bytes such as 65536, 64k or 1M, or none; not True."),
    ("body_limit", "lots", "body_limit takes a number of bytes such as 65536, 64k or 1M, or none; not 'lots'."),
    ("max_bytes", 0, "max_bytes takes the size that a file may have, such as 256M, or none; not 0."),
    ("max_bytes", "0k", "max_bytes takes the size that a file may have, such as 256M, or none; not '0k'."),
    ("max_bytes", -5, "max_bytes takes a number of bytes such as 65536, 64k or 1M, or none; not -5."),
    ("keep_files", 0, "keep_files takes a number of files from 1 to 999,999, such as 5; not 0."),
    ("keep_files", "all", "keep_files takes a number of files from 1 to 999,999, such as 5; not 'all'."),
    ("keep_files", None, "keep_files takes a number of files from 1 to 999,999, such as 5; not None."),
    ("keep_files", True, "keep_files takes a number of files from 1 to 999,999, such as 5; not True."),
    ("keep_files", 10**6, "keep_files takes a number of files from 1 to 999,999, such as 5; not 1000000."),
    ("flush", "never", "flush takes connection or record; not 'never'."),
    ("format", "xml", "format takes pretty, compact or jsonl; not 'xml'."),
    ("format", ["pretty"], "format takes pretty, compact or jsonl; not ['pretty']."),
    ("color", "blue", "color takes auto, always or never; not 'blue'."),
    ("utc", "maybe", "utc takes 1 or 0 (true, false, yes, no, on, off); not 'maybe'."),
    ("scope", None, "scope takes 1 or 0 (true, false, yes, no, on, off); not None."),
    ("body", 2, "body takes 1 or 0 (true, false, yes, no, on, off); not 2."),
    (
        "sample",
        -0.1,
        "sample takes a rate from 0 to 1, such as 0.01, a plain function of the scope, or none; not -0.1.",
    ),
    (
        "sample",
        True,
        "sample takes a rate from 0 to 1, such as 0.01, a plain function of the scope, or none; not True.",
    ),
    ("sample", "1 in 100", "sample takes a rate from 0 to 1, such as 0.01, or none; not '1 in 100'."),
    ("sample", "nan", "sample takes a rate from 0 to 1, such as 0.01, or none; not 'nan'."),
    ("capture", 5, "capture takes a filter such as 'path:/api/* -path:/health', or None; not 5."),
    ("capture", "path:", "capture: path has no value at 6: it takes a path; * stands for anything, slashes too."),
    ("only", "path:/x", "only takes errors, or none; not 'path:/x'. A filter is for capture."),
    ("only", ["errors"], "only takes errors, or none; not ['errors']. A filter is for capture."),
    ("slow_ms", -1, "slow_ms takes milliseconds, such as 500, or none; not -1."),
    (
        "lint",
        "fatal",
        "lint takes True, a level (error, warning, info), or a plain function of each finding; not 'fatal'.",
    ),
    ("lint", 2, "lint takes True, a level (error, warning, info), or a plain function of each finding; not 2."),
    ("slow_ms", "1s", "slow_ms takes milliseconds, such as 500, or none; not '1s'."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_a_wrong_keyword_is_named_in_one_sentence(name: str, value: Any, sentence: str) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(UsageError) as caught:
        InspectMiddleware(app, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("name", "value", "sentence"), [case for case in WRONG if type(case[1]) is str])
def test_a_wrong_variable_is_said_once_and_its_default_holds(
    name: str, value: str, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    environ = {f"ASGI_INSPECT_{name.upper()}": value}
    for _ in range(3):
        assert read_options({}, environ) == Options()
    assert (
        capfd.readouterr().err
        == f"asgi-inspect: ASGI_INSPECT_{name.upper()}{sentence[len(name) :]} It is not heeded.\n"
    )


def test_a_wrong_value_that_is_long_is_cut() -> None:
    with pytest.raises(UsageError) as caught:
        read_options({"format": "x" * 1000}, {})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, None),
        ("none", None),
        (" None ", None),
        (0, 0),
        ("0", 0),
        ("65536", 65536),
        ("64k", 65536),
        ("64K", 65536),
        ("64kb", 65536),
        ("64KiB", 65536),
        ("1m", 1024**2),
        ("1MiB", 1024**2),
        ("2g", 2 * 1024**3),
        ("10b", 10),
    ],
)
def test_sizes(value: Any, size: int | None) -> None:
    assert parse_size("it", value) == size


@pytest.mark.parametrize(
    "value",
    ["", "k", "1.5k", "-1", "+1", "1 k", "0x10", "1e3", "1kk", "1t", "²", "\u0661", "9" * 5000, 1.5, b"5", -5, [5]],
)
def test_what_is_no_size(value: Any) -> None:
    with pytest.raises(UsageError, match=r"^it takes a number of bytes"):
        parse_size("it", value)


def test_flags() -> None:
    words = {True: [True, 1, "1", "true", "YES", " on "], False: [False, 0, "0", "False", "no", "off"]}
    for flag, values in words.items():
        assert {parse_flag("it", value) for value in values} == {flag}


# --- the launcher ------------------------------------------------------------------------------------------------------


def test_what_the_launcher_says() -> None:
    launch = Launch("/run.jsonl", body_limit=None, app="main:app", server="uvicorn 1")
    assert read_launch(launched(body_limit=None, app="main:app", server="uvicorn 1")) == launch
    assert read_options({}, launched(body_limit=None)).body_limit is None
    assert read_launch({}) is None
    assert read_launch({LAUNCH_VARIABLE: ""}) is None


@pytest.mark.parametrize("text", ["{", "[]", "5", '{"file": 5}', "{}", '{"file": "\udcff"}', "\ud800"])
def test_what_the_launcher_would_not_say(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert read_options({}, {LAUNCH_VARIABLE: text}) == Options()
        assert choose_out(None, {LAUNCH_VARIABLE: text}) == (None, False)
    assert capfd.readouterr().err == (
        f"asgi-inspect: {LAUNCH_VARIABLE} is not as the launcher writes it. It is not heeded.\n"
    )


@pytest.mark.parametrize(
    ("given", "launcher", "limit"),
    [
        ({}, 1000, 1000),
        ({}, None, None),
        ({"body_limit": 10}, 1000, 10),
        ({"body_limit": 2000}, 1000, 1000),
        ({"body_limit": None}, 1000, 1000),
        ({"body_limit": 10}, None, 10),
        ({"body_limit": None}, None, None),
    ],
)
def test_the_lower_of_two_limits_wins(given: Mapping[str, Any], launcher: int | None, limit: int | None) -> None:
    """The launcher has heeded the variable: a command line that says more than it must not be cut by it again."""
    environ = {**launched(body_limit=launcher), "ASGI_INSPECT_BODY_LIMIT": "1"}
    assert read_options(given, environ).body_limit == limit


@pytest.mark.parametrize(
    ("given", "size", "files"),
    [({}, 1000, 3), ({"max_bytes": 10, "keep_files": 2}, 10, 2), ({"max_bytes": None, "keep_files": 9}, 1000, 3)],
)
def test_of_a_trace_the_less_is_kept(given: Mapping[str, Any], size: int, files: int) -> None:
    environ = {**launched(max_bytes=1000, keep_files=3), "ASGI_INSPECT_MAX_BYTES": "1", "ASGI_INSPECT_KEEP_FILES": "1"}
    options = read_options(given, environ)
    assert (options.max_bytes, options.keep_files) == (size, files)


# --- where it goes -----------------------------------------------------------------------------------------------------


def test_out_is_a_keyword_else_the_launchers_else_a_variable_else_the_terminal(tmp_path: Path) -> None:
    variable = {"ASGI_INSPECT_OUT": "/variable.jsonl"}
    assert choose_out("/keyword.jsonl", {**launched(), **variable}) == ("/keyword.jsonl", True)
    assert choose_out(None, {**launched(), **variable}) == ("/run.jsonl", False)
    assert choose_out(None, variable) == ("/variable.jsonl", False)
    assert choose_out(None, {"ASGI_INSPECT_OUT": "-"}) == ("-", False)
    assert choose_out(None, {}) == (None, False)


def test_a_path_is_made_absolute_at_construction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    application = InspectMiddleware(app, out="trace.jsonl")
    monkeypatch.setenv("ASGI_INSPECT_OUT", "variable.jsonl")
    from_variable = InspectMiddleware(app)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ask(application, "/x")
    ask(from_variable, "/x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "trace.jsonl", "variable.jsonl"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_paths_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    here = str(tmp_path / "t.jsonl")
    cases: list[tuple[Any, object]] = [
        ("t.jsonl", here),
        (Path("t.jsonl"), here),
        (PurePosixPath("t.jsonl"), here),
        (here, here),
        ("~/t.jsonl", "/home/somebody/t.jsonl"),
        ("~nobody-of-this-name/t.jsonl", str(tmp_path / "~nobody-of-this-name" / "t.jsonl")),
        ("-", "-"),
        (print, print),
        (None, None),
    ]
    assert [absolute_out(out) for out, _ in cases] == [wanted for _, wanted in cases]


async def coroutine_function(record: Record) -> None: ...


class AsyncCallable:
    async def __call__(self, record: Record) -> None: ...


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (5, "out= takes None, '-', a path or a callable, not int."),
        (sys.stdout, None),
        (["t.jsonl"], "out= takes None, '-', a path or a callable, not list."),
        ("", "out= takes a path as str, neither empty nor with a zero byte."),
        (b"t.jsonl", "out= takes None, '-', a path or a callable, not bytes."),
        ("t\0.jsonl", "out= takes a path as str, neither empty nor with a zero byte."),
        (
            coroutine_function,
            "out= takes a plain callable, not an async one: it is called on a thread of its own.",
        ),
        (functools.partial(coroutine_function), None),
        (AsyncCallable(), None),
    ],
)
def test_what_out_does_not_take(out: Any, sentence: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        InspectMiddleware(app, out=out)
    assert sentence is None or str(caught.value) == sentence
    assert str(caught.value).startswith("out= takes ")


def test_without_a_working_directory(tmp_path: Path) -> None:
    """A keyword is refused; a variable is said, and the application goes on."""
    code = """
import os
from asgi_inspect.errors import UsageError
from asgi_inspect.options import choose_out
os.chdir(os.environ["GONE"])
os.rmdir(os.environ["GONE"])
try:
    choose_out("t.jsonl", {})
except UsageError as exc:
    print(exc)
assert choose_out(None, {"ASGI_INSPECT_OUT": "t.jsonl"}) == (None, False)
"""
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "GONE": str(gone)}, check=True, capture_output=True, text=True
    )
    sentence = "out= cannot be made absolute: there is no working directory any more for 't.jsonl'."
    assert done.stdout == f"{sentence}\n"
    assert done.stderr == f"asgi-inspect: {sentence} ASGI_INSPECT_OUT is not heeded.\n"


# --- together ----------------------------------------------------------------------------------------------------------


def test_off_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ASGI_INSPECT", "0")
    wrong: dict[str, Any] = {"format": "not even looked at"}
    application = InspectMiddleware(app, out=tmp_path / "t.jsonl", **wrong)
    ask(application, "/x")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("value", ["1", "", "yes"])
def test_on_is_on(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASGI_INSPECT", value)
    ask(InspectMiddleware(app, out=tmp_path / "t.jsonl"), "/x")
    assert (tmp_path / "t.jsonl").exists()


def test_the_process_record_tells_how_much_is_kept() -> None:
    records: list[Record] = []
    ask(InspectMiddleware(app, out=records.append, body_limit="1k", flush="record"), "/x")
    until(lambda: records)
    process = records[0]
    assert isinstance(process, ProcessRecord)
    assert process.options.pop("redact").keys() == {"key"}
    limits = {"body_limit": 1024, "max_bytes": MAX_BYTES, "keep_files": KEEP_FILES}
    assert process.options == {**limits, "flush": "record"}
