"""Which names stand for secrets."""

import re
from typing import Any

import pytest

from asgi_inspect.redaction.names import SLOW_NS, Either, Names

SECRET = """
password Password newPassword password_confirmation user_password passwd pwd mysql_pwd passphrase secret client_secret
clientSecret SECRET_KEY token access_token accessToken refresh_token id_token csrf_token csrfmiddlewaretoken authenticity_token
api_key apikey x-api-key X-Api-Key apiKey private_key secret_key aws_secret_access_key sessionid session_id JSESSIONID PHPSESSID
jwt authorization credentials user[password] users[0][password] login.password X-Amz-Signature X-Amz-Security-Token
X-Amz-Credential X-Goog-Signature AWSAccessKeyId sig otp pin cvv card_number code_verifier assertion SAMLResponse pass auth
x-auth-token x-csrf-token x-xsrf-token x-vault-token private-token ocp-apim-subscription-key x-functions-key
""".split()
PLAIN = """
name user username email id path page q query sort author authors authority keyboard key keys monkey value state scope nonce
token_type expires_in token_expires_at password_required token_url authorization_endpoint secretary passenger compass encode
pinned spin shipping cart card signal design sign status_code country_code postcode message tokenizer
""".split()


@pytest.mark.parametrize("name", SECRET)
def test_secret_names(name: str) -> None:
    assert Names().kind("json", name) == "secret"
    assert Names().kind("query", name.upper()) == "secret"


@pytest.mark.parametrize("name", PLAIN)
def test_names_that_are_none(name: str) -> None:
    assert Names().kind("json", name) is None


def test_a_code_depends_on_where_it_stands_and_tokens_on_what_they_are() -> None:
    names = Names()
    assert [names.kind("query", name) for name in ("code", "user[code]", "barcode")] == ["code", "code", None]
    assert [names.kind("json", name) for name in ("tokens", "max_tokens", "completion_tokens_details")] == [
        "count",
        "count",
        None,
    ]


@pytest.mark.parametrize("name", ["www-authenticate", "Access-Control-Allow-Headers", "sec-websocket-key", "vary"])
def test_headers_that_only_speak_of_secrets(name: str) -> None:
    assert Names().kind("header", name) is None
    assert Names([name.replace("-", "_")]).kind("header", name) == "secret"  # unless somebody wants it


@pytest.mark.parametrize(
    "name",
    "X-Auth X-Basic-Auth X-Otp X-Pin X-Sid X-Session Session Authentication X-Internal-Key X-Key X-WP-Nonce "
    "X-Ratelimit-Tokens-Of-Mine-Token".split(),
)
def test_headers_called_like_secrets(name: str) -> None:
    assert Names().kind("header", name) == "secret"


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "Surrogate-Key", "X-Cache-Key", "ETag", "X-Session-Count", "Author"]
)
def test_headers_that_are_called_like_none(name: str) -> None:
    assert Names().kind("header", name) is None


@pytest.mark.parametrize(
    "name",
    "dbPass user_pin cardCvv customer[ssn] contraseña CONTRASEÑA mot_de_passe otp_code smsCode device_code 2fa_code "
    "consumer_key social_security_number oauth_verifier new-pin".split(),
)
def test_last_words_and_other_languages(name: str) -> None:
    assert Names().kind("json", name) == Names().kind("form", name) == "secret"


@pytest.mark.parametrize(
    "name", "MessageSid passed opinion shipping sort_key ticket session country_code status_code".split()
)
def test_words_that_only_end_alike(name: str) -> None:
    assert Names().kind("json", name) is None


def test_what_a_user_adds() -> None:
    names = Names(["X_Internal-*", "iban"], [re.compile(r"^ssn\d$")])
    assert names.kind("header", "x-internal-id") == names.kind("json", "IBAN") == names.kind("form", "ssn1") == "secret"
    assert names.kind("header", "y-x-internal-id") is names.kind("form", "ssn12") is None
    assert names.kind("form", "password") == "secret"
    assert names.told() == {"names": ["X_Internal-*", "iban", r"/^ssn\d$/"]}


def test_a_redactor_decides_first() -> None:
    asked: list[tuple[str, str]] = []

    def redactor(place: str, name: str) -> Any:
        asked.append((place, name))
        return {"plain": False, "odd": True, "truthy": "yes"}.get(name.removeprefix("password-"))

    names = Names(ask=redactor)
    kinds = [names.kind("query", name) for name in ("password-plain", "odd", "truthy", "password", "x")]
    assert kinds == [None, "secret", "secret", "secret", None]
    assert asked[0] == ("query", "password-plain")
    assert names.harmless is None  # so that it is asked for every key of a body


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_redactor_that_raises_withholds_and_is_said(error: type[BaseException]) -> None:
    def broken(place: str, name: str) -> bool:
        raise error("x")

    said: list[str] = []
    names = Names(ask=broken, say=said.append)
    assert names.kind("query", "page") == "secret"
    assert "broken raised " + error.__name__ in said[0]
    assert not names.off


def test_a_redactor_that_is_slow_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0, SLOW_NS, SLOW_NS, 2 * SLOW_NS + 1])
    monkeypatch.setattr("asgi_inspect.redaction.names.time.perf_counter_ns", lambda: next(times))
    asked: list[str] = []

    def slow(place: str, name: str) -> bool:
        asked.append(name)
        return False

    said: list[str] = []
    names = Names(ask=slow, say=said.append)
    assert names.kind("query", "page") is None
    assert [names.off, names.kind("query", "page"), names.off] == [
        False,
        None,
        True,
    ]  # what it said in time still holds
    assert names.kind("query", "page") == "secret"
    assert asked == ["page", "page"]
    assert len(said) == 1
    assert "slow took over 10 ms" in said[0]


def test_of_two_the_stricter_one_holds() -> None:
    keeps = Names(ask=lambda place, name: False)
    both = Either(Names(["iban"]), keeps)
    assert both.kind("form", "iban") == both.kind("form", "password") == "secret"
    assert both.kind("form", "page") is None
    assert both.harmless is None
    assert both.covers(Names(["iban"]))
    assert not both.covers(Names(["bic"]))


def test_names_from_anybody_take_no_memory_for_ever() -> None:
    names = Names()
    for number in range(10_000):
        names.kind("form", f"a{number}")
    names.kind("form", "x" * 1_000_000)
    assert len(names.known) < 5_000
    assert all(len(name) < 1_000 for _, name in names.known)
