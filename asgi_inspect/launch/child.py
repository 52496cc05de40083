"""The child: the real server, which is handed its own command line and an application that is traced.

`python -m asgi_inspect.launch.child /path/to/uvicorn main:app --port 9000` is what the console script `uvicorn` would be,
apart from the import string of the application. Spawned workers import this module too: nothing happens on import.
"""

import importlib
import os
import sys

from ..options import LAUNCH_VARIABLE


def main() -> None:
    command, *arguments = sys.argv[1:]
    sys.argv = [command, *arguments]
    if os.path.isabs(command):
        sys.path.insert(0, os.path.dirname(command))  # as it is for a script
    server = importlib.import_module(f"asgi_inspect.launch.{os.path.basename(command)}")
    server.serve(arguments, traced=LAUNCH_VARIABLE in os.environ)


if __name__ == "__main__":
    main()
