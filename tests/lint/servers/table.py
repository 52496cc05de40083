"""Which rules each habit breaks under each server: what `test_on_servers.py` holds, row by row.

A code is the fault of the application; `server W409` that of the server. What stands at the front of a row holds under every server
that is not named; None: the server does not call the application.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

Codes: TypeAlias = str | None
Row: TypeAlias = Codes | tuple[Codes, Mapping[str, Codes]]

UVICORN, H11, HYPERCORN, DAPHNE, GRANIAN, GUNICORN = (
    "uvicorn",
    "uvicorn, h11 and wsproto",
    "hypercorn",
    "daphne",
    "granian",
    "gunicorn",
)

COMPANIONS: Final[Mapping[str, str]] = {GRANIAN: "server A339, server A343, server X103"}
"""What a server does in all connections: granian's ports are str, and its extensions are one dict for all that are open."""

HTTP: Final[Mapping[str, Row]] = {
    "/": "",
    # --- the order ---
    "/start-twice": "H104",
    "/start-after-complete": "H105",
    "/body-after-complete": "H106",
    "/body-first": "H103",
    "/no-answer": "H101",
    "/no-body": "H111",
    "/unfinished": "H102",
    "/raises-first": "H108",
    "/raises-in-mid-response": "H109",
    "/raises-when-all-is-sent": "H110",
    # --- the start ---
    "/status-missing": "H201",
    "/status-str": "H202",
    "/status-103": "H204",
    "/headers-none": "H206",
    "/header-name-str": "H208",
    "/header-value-int": "H209",
    "/header-name-title-case": "H210",
    "/header-name-blank": "H211",
    "/header-value-line": "H212",
    "/header-value-blanks": "H213",
    "/header-pseudo": "H214",
    "/headers-generator": "H221",
    "/content-type-twice": "H225",
    "/transfer-encoding": "H215",
    "/length-and-encoding": "H216",
    "/length-no-number": "H218",
    "/length-twice": "H219",
    # --- the body ---
    "/too-long": "H303",
    "/too-short": "H304",
    "/body-on-204": "H305",
    "/body-str": "H301",
    "/body-none": "H301",
    "/body-memoryview": "A412",
    "/more-body-int": "H302",
    "/head-in-chunks": "H306",
    # --- messages ---
    "/message-list": "A401",
    "/message-without-type": "A402",
    "/message-unknown": "A405",
    "/message-of-a-websocket": "A406",
    "/message-of-the-server": "A407",
    # --- extensions ---
    "/early-hint": "X101",
    "/trailers": "X708",
    "/pathsend": ("X101", {GRANIAN: ""}),
    "/pathsend-relative": ("X101", {GRANIAN: "X502"}),
    "/pathsend-of-bytes": ("X101", {GRANIAN: "X501"}),
    "/pathsend-twice": ("X101", {GRANIAN: "X503"}),
    "/pathsend-behind-a-body": ("X101", {GRANIAN: "X504"}),
    "/pathsend-first": ("X101", {GRANIAN: "X505"}),
    "/pathsend-without-a-length": ("X101", {GRANIAN: "X506"}),
    # --- receive and the client ---
    "/two-receives": "A501",
    "/receive-after-disconnect": "A503",
    "/goes-on-after-disconnect": ("", {GUNICORN: "server H502"}),  # it says that it knows version 2.4
    "/upload-cut-off": ("H903", {DAPHNE: None, GUNICORN: "H903, server H502"}),
    "/upload-not-read": "H901",
    # --- the call ---
    "/returns-a-value": "A103",
    "/leaves-a-task-behind": "A107",
    # --- what servers make of clients ---
    "/method-in-lower-case": ("server A307", {UVICORN: None, HYPERCORN: "", GUNICORN: None}),
    "/http-1.0": ("", {GRANIAN: "server A303"}),
    "/forwarded-as-wss": ("", {UVICORN: "server A310", H11: "server A310", DAPHNE: "server A310"}),
    "/forwarded-as-nothing": ("", {DAPHNE: "server A309"}),
    # --- what ends some servers ---
    "/exits": "A111",
    "/status-99": ("H203", {GRANIAN: None}),  # it ends before anything could be written
}

HTTP_2: Final[Mapping[str, str]] = {
    "/": "",
    "/connection-header": "H217",
    "/push": "",
    "/push-first": "X304",
    "/push-without-a-path": "X301",
    "/push-without-headers": "X303",
    "/push-relative": "X302",
    "/early-hint": "",
    "/early-hint-late": "X603",
    "/early-hint-after-all": "X604",
    "/early-hint-without-links": "X601",
    "/early-hint-str": "X602",
    "/early-hint-no-link": "X605",
    "/trailers": "",
    "/trailers-without-the-flag": "X701",
    "/trailers-that-never-come": "X702",
    "/trailers-too-early": "X703",
    "/trailers-twice": "X704",
    "/trailers-without-headers": "X706",
    "/trailers-undeclared": "X709",
    "/trailers-forbidden": "X710",
    "/trailers-split": "X711",
    "/trailers-more-int": "X707",
    "/trailers-flag-int": "H223",
}
"""Under hypercorn."""

WEBSOCKET: Final[Mapping[str, Row]] = {
    "/": "",
    # --- the order ---
    "/unanswered": "W104",
    "/raises-first": "W114",
    "/accept-unasked": "W118",
    "/send-first": "W105",
    "/accept-twice": "W106",
    "/accept-after-close": "W107",
    "/send-after-close": "W108",
    "/close-twice": "W109",
    "/left-open": "W112",
    "/raises-while-open": "W113",
    "/receive-after-disconnect": "A503",
    "/goes-on-after-disconnect": ("", {UVICORN: "A505", H11: "A505", GUNICORN: "A505"}),
    "/closes-after-disconnect": "",
    # --- what is sent ---
    "/subprotocol-not-offered": "W202",
    "/text-and-bytes": "W306",
    "/neither-text-nor-bytes": "W305",
    "/text-as-bytes": "W308",
    "/close-1006": "W402",
    "/close-99": "W402",
    "/close-1011": "W404",
    "/close-none": "W401",
    "/close-for-long-reasons": ("W406", {DAPHNE: "W406, W407"}),  # it speaks a version without reasons
    "/accept-names-its-subprotocol": ("W209", {DAPHNE: "W209, W211"}),  # it speaks a version without headers
    "/message-of-http": "A406",
    # --- the answer that refuses ---
    "/denial": ("", {DAPHNE: "W501", GUNICORN: "W501"}),
    "/denial-unfinished": (
        "W506, W511",
        {DAPHNE: "W501", GRANIAN: "W511", GUNICORN: "W501"},  # granian refuses the first piece
    ),
    "/accept-after-denial": ("W505", {DAPHNE: "W501", GUNICORN: "W501"}),
    # --- what servers tell of the client ---
    "/client-closes-without-a-code": ("", {DAPHNE: "server W409"}),
}

LIFESPAN: Final[Mapping[str, Row]] = {
    "good": ("", {GRANIAN: "server L210"}),
    "complete-twice": "L302",
    "complete-and-failed": "L303",
    "complete-unasked": "L301",
    "shut-down-too-early": "L304",
    "startup-unanswered": "L306",
    "shutdown-unanswered": ("L307", {GRANIAN: "L307, server L210"}),
    "shut-down-twice": ("L305", {GRANIAN: "L305, server L210"}),
    "ends-early": "L308",
    "ignored": "L309",
    "raises-in-startup": "L310",
    "raises-later": "L311",
    "failed-with-an-exception": "L315",
}

ENDS_SERVERS: Final = {"A111", "H203"}
"""Rules whose Bad is not asked for with the others; they have rows above."""

_DENIALS: Final = {f"W{number}" for number in (502, 503, 504, 505, 506, 507, 509, 510, 511)}

NOT_SHOWN: Final[Mapping[str, set[str]]] = {
    "": {"A101", "A102"},  # of what the middleware wraps, and that is an application as it should be
    DAPHNE: _DENIALS,  # it offers no such answer, and W501 says that
    GUNICORN: _DENIALS,
}
"""Rules whose Bad does not show under all servers, or under this one."""


def of(row: Row, server: str) -> Codes:
    """What a row says of a server."""
    if isinstance(row, tuple):
        rest, special = row
        return special.get(server, rest)
    return row
