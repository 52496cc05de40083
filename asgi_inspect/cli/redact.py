"""`asgi-inspect redact FILE… -o OUT`: a trace without secrets, to be shared."""

from collections.abc import Iterator

from ._faults import DAMAGED, say
from ._rewriting import out_option, rewritten
from ._withholding import cleaning, redact_option
from ._words import HINT, FilteringCommand, files_argument


def _redact(*, files: tuple[str, ...], out: str, redact: tuple[str, ...]) -> int:
    cleaner = cleaning(redact)
    assert cleaner is not None

    def clean(lines: Iterator[bytes]) -> Iterator[bytes]:
        return (line for line in map(cleaner.line, lines) if line is not None)

    status = rewritten("redact", files, out, clean)
    if not cleaner.left_out:
        return status
    say(f"left out, as they were no records and may hold anything: {cleaner.left_out:,} lines.")
    return DAMAGED


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
        out_option(),
        redact_option(),
    ],
)
