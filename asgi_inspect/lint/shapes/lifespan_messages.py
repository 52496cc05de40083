"""The fields of `lifespan.startup.failed` and `lifespan.shutdown.failed`."""

from typing import Final

from ..kinds import no_str
from ..shape import Row

ROWS: Final = (
    Row(
        "L315",
        "failed-message-type",
        "error",
        "application",
        "lifespan.startup-failed",
        on=("send lifespan.startup.failed", "send lifespan.shutdown.failed"),
        field="message",
        bad=no_str,
        says="`message` of `{type}` is {kind}, not a str.",
        what="The `message` with which an application says that its startup or shutdown has failed is no str.",
        why="Servers log it as text: an exception object ends in `TypeError` or in a message that says nothing.",
        fix="Give `str(error)`, or leave `message` out.",
        breaks=('{"type": "lifespan.startup.failed", "message": ValueError("no database")}',),
        holds=(
            '{"type": "lifespan.startup.failed", "message": "no database"}',
            '{"type": "lifespan.startup.failed", "message": ""}',
            '{"type": "lifespan.startup.failed"}',
        ),
        by_type=True,
        since="2.0",
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
