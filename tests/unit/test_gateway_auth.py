"""Tokens: whom they name, and everything that can be wrong with one."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from gateway.auth import InvalidTokenError, Person, TokenVerifier

SECRET = "a-secret-of-the-tests-which-is-long-enough"
ANNA = "11111111-1111-4111-8111-111111111111"
ISSUER = "https://project.example/auth/v1"

VERIFIER = TokenVerifier(SECRET, None)
CLAIMS: dict[str, Any] = {"sub": ANNA, "aud": "authenticated", "role": "authenticated", "exp": 4_000_000_000}


def signed(algorithm: str = "HS256", secret: str = SECRET, headers: Any = None, **changes: Any) -> str:
    return jwt.encode({**CLAIMS, **changes}, secret, algorithm=algorithm, headers=headers)


def without(claim: str) -> str:
    return jwt.encode({name: CLAIMS[name] for name in CLAIMS if name != claim}, SECRET, algorithm="HS256")


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def resigned(header: Any, payload: Any) -> str:
    """A token whose parts may be anything, signed as HS256 demands."""
    signing_input = f"{encoded(header)}.{encoded(payload)}"
    signature = jwt.get_algorithm_by_name("HS256").sign(signing_input.encode(), SECRET.encode())
    return f"{signing_input}.{encoded(signature)}"


HS256 = {"alg": "HS256", "typ": "JWT"}

WRONG = {
    "nothing": "",
    "a blank": " ",
    "one part": "abc",
    "two parts": "abc.def",
    "four parts": signed() + ".x",
    "no base64": "é.è.ê",
    "no signature": signed().rpartition(".")[0] + ".",
    "another signature": signed()[:-3] + "abc",
    "two tokens": signed() + "," + signed(),
    "another secret": signed(secret="another-secret-which-is-long-enough-too"),
    "no algorithm": f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}.",
    "no algorithm, signed": resigned({"alg": "none"}, CLAIMS),
    "another algorithm": signed(algorithm="HS384", secret=SECRET * 2),
    "RS256 by name": resigned({"alg": "RS256"}, CLAIMS),
    "an algorithm that is a number": resigned({"alg": 7}, CLAIMS),
    "no header": resigned({}, CLAIMS),
    "a header that is a list": resigned([HS256], CLAIMS),
    "a header that is no JSON": resigned(b"{", CLAIMS),
    "a header that is deep": resigned(b"[" * 2500, CLAIMS),
    "a kid that is a number": resigned({**HS256, "kid": 1}, CLAIMS),
    "an extension that must be understood": resigned({**HS256, "crit": ["x"], "x": 1}, CLAIMS),
    "a detached payload": resigned({**HS256, "b64": False, "crit": ["b64"]}, CLAIMS),
    "a payload that is a list": resigned(HS256, [CLAIMS]),
    "a payload that is no JSON": resigned(HS256, b"{"),
    "a payload that is deep": resigned(HS256, b"[" * 2500),
    "a payload that is no UTF-8": resigned(HS256, b'{"sub": "\xff"}'),
    "no sub": without("sub"),
    "a sub that is null": signed(sub=None),
    "a sub that is a number": resigned(HS256, {**CLAIMS, "sub": 1}),
    "a sub that is no UUID": signed(sub="anna"),
    "a sub in capitals": signed(sub=ANNA.replace("1", "A")),
    "a sub with braces": signed(sub="{" + ANNA + "}"),
    "a sub with a line end": signed(sub=ANNA + "\n"),
    "no aud": without("aud"),
    "another aud": signed(aud="anon"),
    "an aud among others": signed(aud=["authenticated", "anon"]),
    "no role": without("role"),
    "another role": signed(role="anon"),
    "the service role": signed(role="service_role"),
    "a role that is a list": signed(role=["authenticated"]),
    "no exp": without("exp"),
    "an exp of the past": signed(exp=int(time.time()) - 1),
    "an exp of now": signed(exp=int(time.time())),
    "an exp below nothing": signed(exp=-1),
    "an exp that is a text": signed(exp="4000000000"),
    "an exp that is true": signed(exp=True),
    "an exp without end": resigned(HS256, json.dumps(CLAIMS).replace("4000000000", "1e400").encode()),
    "an exp that is no number": resigned(HS256, json.dumps(CLAIMS).replace("4000000000", "NaN").encode()),
    "an exp of digits": resigned(HS256, json.dumps(CLAIMS).replace("4000000000", "9" * 5000).encode()),
    "an exp that is a list": signed(exp=[4_000_000_000]),
    "an iat of the future": signed(iat=int(time.time()) + 3600),
    "an iat that is a text": signed(iat="yesterday"),
    "an nbf of the future": signed(nbf=int(time.time()) + 3600),
    "an nbf that is an object": signed(nbf={}),
    "a hundred kilobytes": signed(more="x" * 100_000),
}


def test_a_token_names_a_person() -> None:
    assert VERIFIER.verify(signed()) == Person(ANNA)


def test_a_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    assert VERIFIER.verify(signed(iat=int(time.time()) + 10)) == Person(ANNA)


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_token_names_nobody(token: str) -> None:
    with pytest.raises(InvalidTokenError, match="Sign in"):
        VERIFIER.verify(token)


def test_an_expired_token_is_told_apart() -> None:
    with pytest.raises(InvalidTokenError, match="expired"):
        VERIFIER.verify(signed(exp=1))


@pytest.mark.parametrize(
    "changes", [{}, {"iss": None}, {"iss": "https://other.example/auth/v1"}, {"iss": ISSUER + "/"}]
)
def test_where_an_issuer_is_configured_no_other_will_do(changes: dict[str, Any]) -> None:
    verifier = TokenVerifier(SECRET, ISSUER)
    assert verifier.verify(signed(iss=ISSUER)) == Person(ANNA)
    payload = {**CLAIMS, **changes}
    with pytest.raises(InvalidTokenError):
        verifier.verify(resigned(HS256, payload))
