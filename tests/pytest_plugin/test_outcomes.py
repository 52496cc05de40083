"""What becomes of a test in which an application breaks the protocol, and of one that fails anyway."""

import pytest

from tests.pytest_plugin.project import Project

pytest_plugins = ("pytester",)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


# --- what a test's outcome is --------------------------------------------------------------------------------------------


def test_a_test_that_fails_anyway_keeps_its_own_failure(project: Project) -> None:
    source = """
import unittest

def test_short():
    ask("/short")
    assert ask("/").status_code == 201

class TestOld(unittest.TestCase):
    def test_old(self):
        ask("/short")
        self.assertEqual(1, 2)
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(
        [
            "E * assert 200 == 201",
            "*ASGI findings*",
            "error H304 *",
            "*ASGI messages*",
            "*GET /short*",
            "*! H304 *",
            "*GET / HTTP*",
            "E *AssertionError: 1 != 2",
            "*ASGI findings*",
            "FAILED *::test_short - *assert 200 == 201*",
        ]
    )


def test_what_is_ours_stands_in_no_traceback(project: Project) -> None:
    source = """
async def failing(scope, receive, send):
    await send({"type": "http.response.body"})

def test_one():
    TestClient(failing).get("/")
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["test_it.py:*: in failing", "*ASGI findings*", "error H103 *"])
    for file in ("tap.py", "middleware.py"):
        done.stdout.no_fnmatch_line(f"*{file}*")


def test_without_findings_a_failing_test_shows_its_messages(project: Project) -> None:
    source = """
def test_one():
    ask("/")
    assert 0
def test_other():
    assert 0
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(failed=2)
    assert done.stdout.str().count("ASGI messages") == 1
    done.stdout.no_fnmatch_line("*ASGI findings*")


def test_each_phase_fails_for_what_shows_in_it(project: Project) -> None:
    source = """
import unittest

@pytest.fixture
def before(): ask("/short")

@pytest.fixture
def after():
    yield
    ask("/short")

def test_before(before): pass
def test_after(after): pass

class TestOld(unittest.TestCase):
    def test_old(self): ask("/short")
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(errors=2, passed=1, failed=1)
    done.stdout.fnmatch_lines(
        ["*ERROR at setup of test_before*", "*ERROR at teardown of test_after*", "*TestOld.test_old*"]
    )


def test_what_shows_between_two_phases_is_told_with_the_next(project: Project) -> None:
    hook = """
import pytest
from apps import ask

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(call):
    if call.when == "setup":
        ask("/short")
    return (yield)
"""
    project.pytester.makeconftest(hook)
    done = project.run("def test_one(): pass", "--asgi-lint")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["FAILED *::test_one - Failed: H304 *"])


def test_expected_failures_and_skipped_tests_are_what_they_were(project: Project) -> None:
    source = """
fails, never = pytest.mark.xfail, pytest.mark.skip

@pytest.fixture
def before(): ask("/short")

@fails
def test_expected(): ask("/short")
@fails(strict=True)
def test_strict(before): pass
@fails(strict=True)
def test_unexpected(): ask("/")
@fails(raises=ValueError)
def test_other_reason(): ask("/short")
def test_skipped():
    ask("/short")
    pytest.skip("not today")
@never
def test_never(): ask("/short")
"""
    done = project.run(source, "--asgi-lint", "-rA")
    done.assert_outcomes(xfailed=2, failed=2, skipped=2)
    done.stdout.fnmatch_lines(["FAILED *::test_unexpected*", "FAILED *::test_other_reason*"], consecutive=True)


def test_a_marker_changes_the_rules_of_a_test(project: Project) -> None:
    source = """
@pytest.mark.asgi_lint(off=True)
def test_off(): ask("/short")
@pytest.mark.asgi_lint(ignore="H304")
def test_ignored(): ask("/short")
@pytest.mark.asgi_lint(select=["W", "L"])
def test_others(): ask("/short")

@pytest.mark.asgi_lint(ignore="H1")
class TestMany:
    def test_not_ignored(self): ask("/short")
    @pytest.mark.asgi_lint(ignore="body-shorter-than-content-length")
    def test_ignored(self): ask("/short")

@pytest.mark.asgi_lint(off=True)
class TestOff:
    def test_off(self): ask("/short")
    @pytest.mark.asgi_lint(off=False)
    def test_on_again(self): ask("/short")
"""
    done = project.run(source, "--asgi-lint", "-rA")
    done.assert_outcomes(passed=5, failed=2)
    done.stdout.fnmatch_lines(["FAILED *TestMany::test_not_ignored*", "FAILED *TestOff::test_on_again*"])
    project.run(source).assert_outcomes(passed=7)  # the marker is known where nothing is linted


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("'H304'", "*asgi_lint takes ignore=, select=, level= and off=True, by name."),
        ("ignored='H304'", "*asgi_lint takes ignore=, select=, level= and off=True, by name."),
        ("ignore=304", "*asgi_lint(ignore=...) takes a string, such as 'H105,W1'."),
        ("ignore='H399'", '*there is no rule "H399"*'),
        ("level='bad'", '*there is no level "bad"*'),
    ],
)
def test_a_marker_that_says_something_else_is_an_error(project: Project, marker: str, said: str) -> None:
    done = project.run(f"@pytest.mark.asgi_lint({marker})\ndef test_one(): pass\n", "--asgi-lint")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"asgi-inspect: {said}"])
    done.stdout.no_fnmatch_line("*Traceback*")


# --- what outlives a test ------------------------------------------------------------------------------------------------


def test_a_connection_of_a_fixture_is_judged_in_the_test_that_makes_it_go_wrong(project: Project) -> None:
    source = """
async def forgetful(scope, receive, send):
    if scope["type"] != "lifespan":
        return await app(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})

@pytest.fixture(scope="module")
def client():
    with contextlib.suppress(AssertionError), TestClient(forgetful) as client:
        yield client

@pytest.fixture(scope="module")
def talk():
    with TestClient(app).websocket_connect("/talk") as talk:
        yield talk

def test_opens(client, talk, asgi_trace):
    assert [one.type for one in asgi_trace] == ["lifespan", "websocket"]
    talk.send_text("good")
    assert talk.receive_text() == "x"
def test_asks(client, asgi_trace):
    client.get("/")
    assert [one.type for one in asgi_trace] == ["http"]
def test_goes_wrong(talk):
    talk.send_text("bad")
    talk.receive()
def test_last(client): pass
"""
    done = project.run(source, "--asgi-lint", "-rA")
    done.assert_outcomes(passed=3, failed=1, errors=1)
    done.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_last*",
            "*_ test_goes_wrong _*",
            "*In a connection that was opened by *::test_opens.",
        ]
    )


def test_what_shows_too_late_fails_no_other_test(project: Project) -> None:
    source = """
import asyncio, threading
told, over = threading.Event(), threading.Event()

async def slow(scope, receive, send):
    await app(scope, receive, send)
    if scope["type"] == "http":
        await asyncio.to_thread(told.wait, 30)
        try:
            await send({"type": "http.response.start", "status": 200})
        finally:
            over.set()

@pytest.fixture(scope="module")
def port():
    with serving(slow) as port:
        yield port

def test_first(port): httpx.get(f"http://127.0.0.1:{port}/")
def test_second(port):
    told.set()
    assert over.wait(30)
"""
    done = project.run(source, "--asgi-lint")
    done.assert_outcomes(passed=2)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        ["*ASGI findings outside of the tests*", "error H105 *", "In a connection that was opened by *::test_first."]
    )


def test_what_happens_before_the_first_test_fails_the_session(project: Project) -> None:
    done = project.run("ask('/short')\ndef test_one(): pass", "--asgi-lint")
    done.assert_outcomes(passed=1)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*ASGI findings outside of the tests*", "error H304 *"])


def test_in_workers_of_xdist(project: Project) -> None:
    source = "ask('/short')\ndef test_good(): ask('/')\ndef test_short(): ask('/short')"
    done = project.run(source, "--asgi-lint", "--asgi-trace=on", "-n1", "-W", "ignore")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["H304 *", "*ASGI findings outside of the tests*", "asgi-inspect: 2 traces in *"])


def test_a_rule_that_is_told_once_for_each_process_fails_one_test(project: Project) -> None:
    result = project.run(
        """
async def old(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Leaf", b"tea")]})
    await send({"type": "http.response.body"})

def test_one(): TestClient(old).get("/")
def test_two(): TestClient(old).get("/two")
def test_three():
    TestClient(old).get("/three")
    assert False
""",
        "--asgi-lint",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*FAILED *::test_one - Failed: H210 *"])
    of_the_third = result.stdout.str().partition("_ test_three _")[2].partition("= short test summary")[0]
    assert "assert False" in of_the_third
    assert "asgi-inspect explain H210" not in of_the_third
    assert "! H210 " in of_the_third  # where the messages of a test are shown, it is there
