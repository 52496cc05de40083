"""What a content-type header says: the media type and its parameters. Never raises, whatever the header holds."""

from typing import Final

FORM: Final = "application/x-www-form-urlencoded"  # not told by its name alone: see `form`

_TEXTUAL: Final = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/toml",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
_TEXTUAL_ENDINGS: Final = ("+json", "+xml", "+yaml", "-json", "/jsonlines")


def media_type(content_type: str | None) -> str | None:
    """`text/html` of `Text/HTML; charset=utf-8`; None where there is none."""
    if content_type is None:
        return None
    media = content_type.partition(";")[0].strip().lower()
    return media if "/" in media else None


def parameter(content_type: str | None, name: str) -> str | None:
    """The value of a parameter of a header like `form-data; name="a b"`, unquoted; None where it is not there."""
    if content_type is None or name not in content_type.lower():
        return None
    for piece in _pieces(content_type)[1:]:
        key, equals, value = piece.partition("=")
        if equals and key.strip().lower() == name:
            return _unquoted(value.strip())
    return None


def _pieces(header: str) -> list[str]:
    """The header split at the semicolons that are outside quotes."""
    pieces, begin, quoted = [], 0, False
    for index, character in enumerate(header):
        if character == '"' and header[index - 1 : index] != "\\":
            quoted = not quoted
        elif character == ";" and not quoted:
            pieces.append(header[begin:index])
            begin = index + 1
    return [*pieces, header[begin:]]


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value


def is_text_type(media: str) -> bool:
    """Whether a media type is meant to be read by people."""
    return media.startswith("text/") or media in _TEXTUAL or media.endswith(_TEXTUAL_ENDINGS)
