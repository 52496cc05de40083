"""The command from its first word to its exit status: what went wrong is one sentence, whatever it was."""

import signal
import sys
from typing import NoReturn

import click

from ..errors import UsageError
from ..launch.output import Output, secure_standard_streams
from ..launch.signals import die_of
from ..text import safe
from ._group import Commands

command = Commands("asgi-inspect")


def run_command() -> NoReturn:
    """Do what the command line says, and end."""
    secure_standard_streams()
    try:
        status = command.main(prog_name="asgi-inspect", standalone_mode=False)
    except UsageError as error:
        status = _complain(str(error))
    except click.ClickException as error:
        status = _complain(_in_one_sentence(error))
    except (KeyboardInterrupt, click.Abort):
        status = 128 + signal.SIGINT
    _end(status or 0)


def _complain(sentence: str) -> int:
    Output(2).write(f"asgi-inspect: {safe(' '.join(sentence.split()))}\n")
    return 2


def _in_one_sentence(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    # uvicorn's own parser has a context of that name; a command of ours has its own, and `run` is not said.
    word = context.info_name if context is not None and context.info_name not in ("asgi-inspect", "run") else None
    misplaced = _of_a_run(error.option_name) if isinstance(error, click.NoSuchOption) else None
    sentence = misplaced or error.format_message()
    sentence = sentence[:1].lower() + sentence[1:]
    see = f"asgi-inspect {word} --help" if word else "asgi-inspect --help"
    return f"{sentence.rstrip('.')}{'' if sentence.endswith('?') else ';'} see {see}."


def _of_a_run(option: str) -> str | None:
    """What is said of an option that another command was given; None where a run has none of that name."""
    from ._settings import run_settings  # not needed unless something is wrong

    if not any(option in (*setting.opts, *setting.secondary_opts) for setting in run_settings()):
        return None
    filters = ", and here a filter stands by itself, as in status:5xx" if option in ("--only", "--ignore") else ""
    return f"{option} is an option of runs (asgi-inspect {option} ... main:app){filters}"


def _end(status: int) -> NoReturn:
    """End with a status of the shell's, or, where it is negative, by the signal that ended the server."""
    if status < 0:
        die_of(-status)
        status = 128 - status  # what a shell makes of it, where a signal cannot end us
    sys.exit(status)
