"""What a scope tells of its TLS connection: `tls` in its `extensions`. Of certificates and names nothing is shown but the kind."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ...values import Foreign
from ..kinds import KEPT_BACK, no_int, no_str, no_str_or_none, piece_of
from ..talk import Talk
from ..words import shown, sized
from ._scopes import WEB, Look, ScopeRow

_REQUIRED: Final = ("server_cert", "tls_version", "cipher_suite")
_PEM: Final = "-----BEGIN CERTIFICATE-----"
_CERTIFICATE: Final = r'"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"'
_MOST_CIPHER: Final = 0xFFFF
_ABSENT: Final = object()


def _tls(scope: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    """What the scope says; None where it says nothing, or no dict."""
    extensions = scope.get("extensions")
    tls = extensions.get("tls") if isinstance(extensions, dict) else None
    return tls if isinstance(tls, dict) else None


# --- looks ------------------------------------------------------------------------------------------------------------------


def _field(name: str, bad: Callable[[Any], bool], where: str, words: Callable[[Any], str] = sized) -> Look:
    """A look at one field, where it is there, and the trace has it (of a part of it the type is known)."""

    def look(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
        value = (_tls(scope) or {}).get(name, _ABSENT)
        piece = piece_of(value) if isinstance(value, KEPT_BACK) else value
        if value is _ABSENT or (piece is None and value is not None) or not bad(piece):
            return None
        return f"`{name}` of the `tls` extension is {words(value)}, {where}."

    return look


def _plaintext(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    extensions = scope.get("extensions")
    if not isinstance(extensions, dict) or "tls" not in extensions:
        return None
    scheme = scope.get("scheme", "ws" if talk.type == "websocket" else None)
    if not isinstance(scheme, str) or scheme not in ("http", "ws"):
        return None
    return f"The scope has the `tls` extension, and its `scheme` is {shown(scheme)}: the connection is not encrypted."


def _lacks_fields(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    tls = _tls(scope)
    missing = [] if tls is None else [f"`{name}`" for name in _REQUIRED if name not in tls]
    return f"The `tls` extension lacks {', '.join(missing)}." if missing else None


def _is_no_chain(value: Any) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return any(not isinstance(one, (str, Foreign, *KEPT_BACK)) for one in value)
    return not isinstance(value, Foreign | dict)


def _lacks_name(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    tls = _tls(scope) or {}
    chain = tls.get("client_cert_chain")
    if not isinstance(chain, list | tuple | set | frozenset) or not chain or tls.get("client_cert_name") is not None:
        return None
    return "The `tls` extension has a `client_cert_chain`, and no `client_cert_name`."


def _is_no_error(value: Any) -> bool:
    return value is not None and (no_str(value) or value == "")


def _is_no_number(value: Any) -> bool:
    return value is not None and (no_int(value) or value < 0)


def _is_no_cipher(value: Any) -> bool:
    return _is_no_number(value) or (value is not None and value > _MOST_CIPHER)


def _no_pem(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    tls = _tls(scope) or {}
    chain = tls.get("client_cert_chain")
    chain = chain if isinstance(chain, list | tuple) else []
    certificates = [("server_cert", tls.get("server_cert")), *(("client_cert_chain", one) for one in chain)]
    for name, value in certificates:
        if isinstance(value, str) and _PEM not in value:
            return f"`{name}` of the `tls` extension has {sized(value)} that is no certificate in PEM."
    return None


def _says_nothing(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    extensions = scope.get("extensions")
    if talk.layer or scope.get("scheme") not in ("https", "wss") or isinstance(extensions, (Foreign, *KEPT_BACK)):
        return None
    if isinstance(extensions, dict) and "tls" in extensions:
        return None
    return "The connection is encrypted, and the scope has no `tls` extension."


# --- rows -------------------------------------------------------------------------------------------------------------------


def _scope(*fields: str, scheme: str = "https") -> str:
    """An example: a scope of an encrypted connection that says these things, and whatever must be said beside."""
    said = {field.partition(":")[0] for field in fields}
    usual = [f'"{name}": None' for name in _REQUIRED if f'"{name}"' not in said]
    return f'http_scope(scheme="{scheme}", extensions={{"tls": {{{", ".join([*usual, *fields])}}}}})'


_row: Final = partial(ScopeRow, field="extensions", scopes=WEB)


ROWS: Final = (
    _row(
        code="X201",
        name="tls-on-plaintext",
        severity="error",
        section="tls.use",
        look=_plaintext,
        what="A scope has the `tls` extension, and by its `scheme` the connection is not encrypted.",
        why="Applications take the extension for the sign of an encrypted connection, and trust the client's certificate in it.",
        fix="Offer `tls` only where the connection is encrypted, and set `scheme` to `https` or `wss` there.",
        breaks=(_scope(scheme="http"),),
        holds=(_scope(scheme="https"),),
    ),
    _row(
        code="X202",
        name="tls-mandatory-missing",
        severity="error",
        section="tls.scope",
        look=_lacks_fields,
        what="The `tls` extension lacks `server_cert`, `tls_version` or `cipher_suite`.",
        why="Applications read them unasked, and raise `KeyError`.",
        fix="Give all three, as None where the server does not know them.",
        breaks=('http_scope(scheme="https", extensions={"tls": {}})',),
        holds=(_scope(),),
    ),
    _row(
        code="X203",
        name="tls-server-cert-type",
        severity="error",
        section="tls.scope",
        look=_field("server_cert", no_str_or_none, "neither a str nor None"),
        what="`server_cert` of the `tls` extension is neither a str nor None.",
        why="Applications parse it as text in PEM, and raise.",
        fix="Give the certificate in PEM as a str, or None.",
        breaks=(_scope('"server_cert": b"\\x30\\x82"'),),
        holds=(_scope(f'"server_cert": {_CERTIFICATE}'), _scope('"server_cert": None')),
    ),
    _row(
        code="X204",
        name="tls-client-chain-type",
        severity="error",
        section="tls.scope",
        look=_field("client_cert_chain", _is_no_chain, "where an iterable of str belongs"),
        what="`client_cert_chain` of the `tls` extension is no iterable of str.",
        why="A single str is an iterable, too: of its letters, which applications take for certificates.",
        fix="Give a list of certificates in PEM, an empty one if the client has sent none.",
        breaks=(
            _scope(f'"client_cert_chain": {_CERTIFICATE}', '"client_cert_name": "CN=a"'),
            _scope('"client_cert_chain": [b"\\x30\\x82"]', '"client_cert_name": "CN=a"'),
        ),
        holds=(_scope('"client_cert_chain": []'), _scope()),
    ),
    _row(
        code="X205",
        name="tls-client-name-type",
        severity="error",
        section="tls.scope",
        look=_field("client_cert_name", no_str_or_none, "neither a str nor None"),
        what="`client_cert_name` of the `tls` extension is neither a str nor None.",
        why="Applications compare it with the names that they let in: bytes are equal to none of them.",
        fix="Give the distinguished name as a str, or None.",
        breaks=(_scope('"client_cert_name": b"CN=a"'),),
        holds=(_scope('"client_cert_name": "CN=a"'), _scope()),
    ),
    _row(
        code="X206",
        name="tls-client-name-missing",
        severity="error",
        section="tls.scope",
        look=_lacks_name,
        what="The `tls` extension has certificates of the client, and no `client_cert_name`.",
        why="Applications that let clients in by their name know none of them.",
        fix="Give the distinguished name of the client's certificate wherever there is one.",
        breaks=(_scope(f'"client_cert_chain": [{_CERTIFICATE}]', '"client_cert_name": None'),),
        holds=(
            _scope(f'"client_cert_chain": [{_CERTIFICATE}]', '"client_cert_name": "CN=a"'),
            _scope('"client_cert_chain": []', '"client_cert_name": "CN=a"'),
        ),
    ),
    _row(
        code="X207",
        name="tls-client-error-type",
        severity="error",
        section="tls.scope",
        look=_field("client_cert_error", _is_no_error, "where None or a str that says something belongs"),
        what="`client_cert_error` of the `tls` extension is neither None nor a str that says something.",
        why="Applications ask whether it is None: an empty str looks like an error that nobody can read.",
        fix="Give None where the client's certificate is valid, and a text where it is not.",
        breaks=(_scope('"client_cert_error": ""'),),
        holds=(_scope('"client_cert_error": None'), _scope('"client_cert_error": "expired"')),
    ),
    _row(
        code="X208",
        name="tls-version-type",
        severity="error",
        section="tls.scope",
        look=_field("tls_version", _is_no_number, "neither None nor an int of 0 or more", shown),
        what="`tls_version` of the `tls` extension is neither None nor an int of 0 or more.",
        why="Applications compare it with the number of a version, like 0x0303: a str raises `TypeError`.",
        fix="Give the number that TLS has for the version, like 0x0304 for TLS 1.3, or None.",
        breaks=(_scope('"tls_version": "TLSv1.3"'),),
        holds=(_scope('"tls_version": 0x0304'), _scope('"tls_version": None')),
    ),
    _row(
        code="X209",
        name="tls-cipher-range",
        severity="error",
        section="tls.scope",
        look=_field("cipher_suite", _is_no_cipher, "neither None nor an int of 16 bits", shown),
        what="`cipher_suite` of the `tls` extension is neither None nor an int of 16 bits.",
        why="Applications look it up by its number.",
        fix="Give the number that TLS has for the cipher suite, like 0x1301, or None.",
        breaks=(_scope('"cipher_suite": "TLS_AES_128_GCM_SHA256"'), _scope('"cipher_suite": 0x10000')),
        holds=(_scope('"cipher_suite": 0x1301'), _scope('"cipher_suite": None')),
    ),
    _row(
        code="X210",
        name="tls-pem-format",
        severity="warning",
        section="tls.scope",
        look=_no_pem,
        what="A certificate of the `tls` extension is not written in PEM.",
        why="Applications hand it to a parser of PEM, which raises.",
        fix="Give certificates in PEM: `ssl.DER_cert_to_PEM_cert(der)`.",
        breaks=(_scope('"server_cert": "abc"'),),
        holds=(_scope(f'"server_cert": {_CERTIFICATE}'),),
    ),
    _row(
        code="X211",
        name="tls-missing-on-https",
        severity="info",
        section="tls.scope",
        look=_says_nothing,
        what="The connection is encrypted, and the scope does not have the `tls` extension. It is legal.",
        why="The application cannot know the client's certificate. No server that was looked at offers it.",
        fix="Offer `tls` where the server ends the TLS connection itself.",
        breaks=('http_scope(scheme="https", extensions={})',),
        holds=(_scope(), 'http_scope(scheme="http")'),
        default=False,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
