"""What a server is given in place of an application: another import string, another object. Used by the servers' hooks."""

from typing import Any

from ..errors import UsageError
from ..on._dress import dress, dress_application
from ..on._kinds import Kind, kind_of
from ..on._target import application, refuse
from ..options import tell

PREFIX = "asgi_inspect.on."


def prefixed(app: str) -> str:
    """The import string of the same application, traced; from now on it is what `asgi-inspect` has launched."""
    if app.startswith(PREFIX):
        return app
    tell(app=app)
    return PREFIX + app


def given(app: Any) -> Any:
    """The same of an object that a script gives to a server; what is no application is left to the server's judgement."""
    if kind_of(app) is Kind.FACTORY:
        return dress(app)
    return dress_application(app) or app


def loaded(app: Any, name: str | None) -> Any:
    """The same of what a server has loaded by this name, or made without one; what is no application is refused."""
    tell(app=name)
    try:
        return application(app, name or "the application")
    except UsageError as error:
        refuse(str(error))
