"""`asgi-inspect check`: an application is asked in a process of its own, and the trace of that is linted in ours."""
