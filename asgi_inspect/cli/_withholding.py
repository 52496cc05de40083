"""What a command withholds of a trace that leaves the house: the same as the capture by default, and what it is told to."""

from typing import Any

import click

from ..errors import UsageError
from ..options import parse_redact
from ..redaction.fingerprint import new_key
from ..redaction.redaction import Redaction
from ..trace.cleaning import Cleaning
from ._faults import say


def redact_option() -> click.Option:
    return click.Option(
        ["--redact"],
        metavar="NAME",
        multiple=True,
        help="Withhold values of this name too (header, cookie, parameter, field; * stands for any characters).",
    )


def no_redact_option() -> click.Option:
    return click.Option(["--no-redact"], is_flag=True, help="Withhold nothing that the trace has.")


def cleaning(names: tuple[str, ...], *, nothing: bool = False) -> Cleaning | None:
    """What takes the secrets out of each line; None where nothing is to be withheld."""
    if nothing and names:
        raise UsageError("--no-redact withholds nothing, --redact NAME withholds more: leave one of them out.")
    if nothing:
        return None
    chosen: Any = parse_redact("--redact", ",".join(names) if names else True)
    if chosen is None:
        raise UsageError("--redact takes names; to withhold nothing, leave the command out.")
    return Cleaning(Redaction(chosen.names(say), new_key()))
