"""The texts of an exception, with what is secret in them withheld."""

from collections.abc import Callable

import msgspec

from .records import ErrorInfo


def clean_error(error: ErrorInfo, clean: Callable[[str], str]) -> ErrorInfo:
    """An exception whose message and notes, and those of all in it, are as `clean` gives them back."""

    def inner(one: ErrorInfo | None) -> ErrorInfo | None:
        return None if one is None else clean_error(one, clean)

    return msgspec.structs.replace(
        error,
        message=None if error.message is None else clean(error.message),
        notes=[clean(note) for note in error.notes],
        cause=inner(error.cause),
        context=inner(error.context),
        exceptions=[clean_error(one, clean) for one in error.exceptions],
    )
