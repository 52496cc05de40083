"""What a person calls a connection: its id, the end of one, or its number as on the screen (`17`, `#17`, `4711#17`)."""

from typing import Final

from .connection import proc_of

_SHORTEST_PROC: Final = 4


def names_connection(text: str, conn: str, pid: int | None) -> bool:
    """Whether a text may mean the connection with this id, in the process `pid` (None: not known)."""
    proc, number = proc_of(conn), conn.rpartition(".")[2]
    process, hash_sign, wanted = text.rpartition("#")
    if hash_sign:
        return wanted == number and (not process or process == str(pid) or proc.startswith(process))
    return wanted == number if wanted.isdecimal() else bool(wanted) and conn.endswith(wanted)


def names_process(text: str, proc: str, pid: int | None) -> bool:
    """Whether a text may mean this process: its `proc`, the beginning of it, or its process id."""
    return text == proc or text == str(pid) or (len(text) >= _SHORTEST_PROC and proc.startswith(text))
