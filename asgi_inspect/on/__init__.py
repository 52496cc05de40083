"""The import-path prefix: `asgi_inspect.on.main:app` is the `app` of the user's module `main`, traced.

Any server that takes an import string takes this one, in whichever of its processes it loads the application: nothing has
to be carried there. Importing this package puts one finder in front of the import system's own, which answers for names
below `asgi_inspect.on` alone.
"""

import sys

from ._finder import Finder

if not any(isinstance(finder, Finder) for finder in sys.meta_path):
    sys.meta_path.insert(0, Finder())
