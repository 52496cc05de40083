"""What a check tells beside what the linter found: what was asked, and what an application did that no rule is about."""

import os
import signal
from collections.abc import Iterator

import msgspec

from ...lint.finding import Finding
from ...render.block import Block, Row
from ...text import safe
from ...views.spans import Line, plural
from .child import LIFESPAN, MOST_STUCK, stall_limit
from .order import CODE, Asked
from .running import Answers

_MOST = 40  # connections that are listed
_LONGEST = 300
_STUCK = ("no-answer", "does-not-end")


# --- what is wrong -------------------------------------------------------------------------------------------------------


def troubles(answers: Answers, timeout: float) -> list[Finding]:
    """What keeps an application from being served, and no rule of the specification is about."""
    found = [trouble for asked in answers.asked if (trouble := _trouble(asked, timeout)) is not None]
    if len([trouble for trouble in found if trouble.name in _STUCK]) == MOST_STUCK:
        found[-1] = msgspec.structs.replace(found[-1], sentence=f"{found[-1].sentence} Nothing more was asked.")
    if answers.done:
        return found
    label = answers.open or "the application"
    if answers.stuck:
        place = f": it stands in {_short(answers.place)}" if answers.place else ""
        return [
            *found,
            _finding(
                "blocks-the-loop",
                label,
                f"The event loop stood still for {stall_limit(timeout):g} s{place}; nothing more was asked.",
                "Await what takes long, or run it in a thread (`asyncio.to_thread`).",
            ),
        ]
    return [
        *found,
        _finding(
            "ends-the-process",
            label,
            f"The process of the application ended here {_ended(answers.status)}; nothing more was asked.",
            "Raise an exception instead: a server answers that, and goes on.",
        ),
    ]


def _trouble(asked: Asked, timeout: float) -> Finding | None:
    match asked.startup:
        case "failed":
            said = f": {asked.error}" if asked.error else ""
            return _finding(
                "startup-failed",
                "lifespan",
                f"The application says that it cannot start{said}; nothing was asked.",
                "Give it what it needs to start, in the environment of this command.",
            )
        case "unanswered":
            return _finding(
                "startup-unanswered",
                "lifespan",
                f"The application did not answer to lifespan.startup within {timeout:g} s; nothing was asked.",
                "Send lifespan.startup.complete when it is ready; --timeout gives it longer.",
            )
    if asked.how != "cancelled" or (asked.complete and not asked.startup):
        return None
    if asked.startup:
        sentence = f"The application did not end its lifespan within {timeout:g} s after lifespan.shutdown."
        return _finding("does-not-end", "lifespan", sentence, "Send lifespan.shutdown.complete, and return.")
    if asked.status is None:
        sentence = f"No answer came within {timeout:g} s, and when the client left then, the call did not end either."
        return _finding("no-answer", asked.label, sentence, "Answer sooner; --timeout gives it longer.")
    sentence = f"The client left, and {timeout:g} s later the call had not ended."
    if "does nothing" in asked.about:
        sentence += " `send` tells nothing of that here, as with most servers: who does not receive goes on for ever."
    fix = "End when `receive` gives a disconnect, or when `send` raises an OSError."
    return _finding("does-not-end", asked.label, sentence, fix)


def _finding(name: str, label: str, sentence: str, fix: str) -> Finding:
    return Finding(
        code=CODE,
        name=name,
        severity="error",
        party="application",
        where=label if label != LIFESPAN else "lifespan",
        sentence=sentence,
        fix=fix,
        link="",
        conn="",
    )


def _ended(status: int) -> str:
    if status >= 0:
        return f"by itself, with status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"


def _short(path: str) -> str:
    """A path, as seen from here where it is below."""
    return path.removeprefix(os.getcwd() + os.sep)


# --- what was asked ------------------------------------------------------------------------------------------------------


def asked_page(answers: Answers) -> Iterator[Block]:
    """A line a connection, as far as they are not too many."""
    rows = [Row(_line(one), hang=6) for one in answers.asked[:_MOST]]
    if len(answers.asked) > _MOST:
        rows.append(Row([(f"      and {plural(len(answers.asked) - _MOST, 'more connection')}", "quiet")]))
    if not answers.done and answers.open:
        rows.append(Row([("   !  ", "error"), (safe(answers.open[:_LONGEST]), ""), ("  here it ended", "quiet")]))
    yield Block(lambda _: [*rows, Row([])])


def _line(asked: Asked) -> Line:
    result, style = _result(asked)
    line: Line = [(f"{result:>4}  ", style), (safe(asked.label[:_LONGEST]), "")]
    remarks = [remark for remark in (asked.about, _remark(asked)) if remark]
    return [*line, (f"  {', '.join(remarks)}", "quiet")] if remarks else line


def _result(asked: Asked) -> tuple[str, str]:
    if asked.startup:
        good = asked.startup == "complete" and asked.how == "returned"
        return ("ok", "good") if good else ("-", "quiet") if asked.startup == "unsupported" else ("!", "error")
    if asked.status is None:
        return ("!", "error") if asked.how == "cancelled" else ("-", "quiet")
    return str(asked.status), "error" if asked.status >= 500 else "good" if asked.status < 400 else "warning"


def _remark(asked: Asked) -> str:
    if asked.startup == "unsupported":
        return "the application does not speak it"
    if asked.how == "cancelled":
        return "still running after its answer" if asked.complete else "did not end"
    if asked.left and not asked.about:
        return "no answer before the client left" if asked.status is None else "the client left while it went on"
    if asked.how != "raised" or asked.left:
        return ""
    first_line = asked.error.partition("\n")[0]
    return f"raised {safe(first_line[:_LONGEST])}"
