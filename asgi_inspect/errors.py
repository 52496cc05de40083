"""What our callers may have to catch; everything that an application or a server did wrong is a value, never one of these.

AsgiInspectError
├── UsageError          an option, a path or an import string that cannot work; its text is one sentence that says what to do
│   └── FilterError     a filter that cannot be read
├── NotATraceError      the file is no trace at all
└── DamagedRecordError  one line of a trace cannot be read; the reader reports it and goes on
"""


class AsgiInspectError(Exception):
    """The root of all exceptions that asgi-inspect raises on purpose."""


class UsageError(AsgiInspectError):
    """An option, a path or an import string cannot work; the text is one sentence that says why and what to do."""


class FilterError(UsageError, ValueError):
    """A filter cannot be read; the text is one sentence that says where, and what is nearest to it."""


class NotATraceError(AsgiInspectError):
    """The file is no trace: no record of ours is in it."""


class DamagedRecordError(AsgiInspectError):
    """One line is not a readable record; the text is the reason, without file and line number."""
