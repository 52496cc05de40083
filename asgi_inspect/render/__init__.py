"""Records as a person wants to see them: `make_view` gives a view, a view makes renderables, `console.Printer` prints them."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from .options import ViewOptions

if TYPE_CHECKING:
    from .view import View

Format: TypeAlias = Literal["pretty", "compact"]


def make_view(format: Format, options: ViewOptions) -> "View":
    """A view for the records of one trace, from its beginning or from anywhere."""
    # Imported when one is made: parts of this folder serve who never shows a record, and rich takes its time.
    from .compact import CompactView
    from .pretty import PrettyView

    return CompactView(options) if format == "compact" else PrettyView(options)


__all__ = ["Format", "ViewOptions", "make_view"]
