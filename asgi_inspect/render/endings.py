"""How a process ended, in the same words wherever it is said."""

import signal


def ended_how(status: int) -> str:
    """`ended`, `ended with status 3`, `was ended by SIGKILL`."""
    if status >= 0:
        return f"ended with status {status}" if status else "ended"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-status}"
