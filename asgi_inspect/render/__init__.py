"""Records as a person wants to see them: `make_view` gives a view, a view makes renderables, `console.Printer` prints them."""

from typing import Literal, TypeAlias

from .compact import CompactView
from .options import ViewOptions
from .pretty import PrettyView
from .view import View

Format: TypeAlias = Literal["pretty", "compact"]

_VIEWS: dict[Format, type[View]] = {"pretty": PrettyView, "compact": CompactView}


def make_view(format: Format, options: ViewOptions) -> View:  # noqa: A002 (the word of the command line)
    """A view for the records of one trace, from its beginning or from anywhere."""
    return _VIEWS[format](options)


__all__ = ["Format", "View", "ViewOptions", "make_view"]
