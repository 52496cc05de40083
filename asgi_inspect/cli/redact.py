"""`asgi-inspect redact FILE… -o OUT`: a trace without secrets, to be shared."""

from contextlib import ExitStack

import click

from ..errors import UsageError
from ..trace.search import Traces
from ._faults import DAMAGED, NOTHING_MATCHED, Faults, readable, say
from ._progress import Progress
from ._withholding import cleaning, redact_option
from ._words import HINT, FilteringCommand, chosen_filter, files_argument
from ._writing import writing_to


def _redact(*, files: tuple[str, ...], out: str, redact: tuple[str, ...]) -> int:
    names = list(files)
    if out.endswith((".gz", ".zst")):
        raise UsageError("redact writes plain JSON Lines: name OUT without that ending, or pipe it into gzip or zstd.")
    cleaner = cleaning(redact)
    assert cleaner is not None
    faults = Faults()
    chosen = chosen_filter()
    named_connection = not chosen
    with readable(names), ExitStack() as stack:
        stack.callback(faults.finish)
        progress = stack.enter_context(Progress())
        traces = stack.enter_context(Traces(names, on_damage=faults, progress=progress))
        write = stack.enter_context(writing_to(out, names, private=True))
        for line in traces.lines(chosen):
            clean = cleaner.line(line)
            named_connection = named_connection or b'"conn":' in line
            if clean is None:
                continue
            if out == "-":
                progress.hide()
            if not write(clean + b"\n"):
                break
    if cleaner.left_out:
        say(f"left out, as they were no records and may hold anything: {cleaner.left_out:,} lines.")
    if faults.count or cleaner.left_out:
        return DAMAGED
    return 0 if named_connection else NOTHING_MATCHED


command = FilteringCommand(
    "redact",
    callback=_redact,
    short_help="Take the secrets out of a trace, before it is shared.",
    help="Write a trace again without what is secret in it: credentials, cookies, tokens, the values of parameters and fields "
    "that are called like passwords, in headers, URLs, bodies, exceptions and command lines. What a run withheld already stays "
    "as it is; fingerprints that are new here are keyed by a secret of this command. FILE is read and not changed, or - for "
    "standard input. OUT has everything else: look through it before you share it. " + HINT,
    epilog="Exit status: 0 fine, 1 nothing matched, 2 wrong usage or no trace, 3 damaged (what could be read is written).",
    params=[
        files_argument(required=True),
        click.Option(
            ["-o", "--out"],
            metavar="OUT",
            default="-",
            type=click.Path(allow_dash=True),
            help="The file to write, once all is done; one that exists is replaced. By default standard output.",
        ),
        redact_option(),
    ],
)
