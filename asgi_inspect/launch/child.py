"""The child: the real server, which is handed its own command line and an application that is traced.

`python -m asgi_inspect.launch.child /path/to/uvicorn main:app --port 9000` is what the console script `uvicorn` would be,
apart from the application that it serves. Spawned workers import this module too: nothing happens on import.
"""

import os
import sys

from ..options import read_launch, tell
from .hooks import install
from .server import server_named


def main() -> None:
    command, *arguments = sys.argv[1:]
    sys.argv = [command, *arguments]
    if os.path.isabs(command):
        sys.path.insert(0, os.path.dirname(command))  # as it is for a script
    server = server_named(os.path.basename(command))
    assert server is not None, command
    if read_launch() is not None:
        tell(pid=os.getpid())
        install(server.HOOKS)
    server.serve(arguments)


if __name__ == "__main__":
    main()
