"""Verifies that a request comes from Clarion, for every signature profile, in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Union

SIGNATURE_PROFILES = ("standard", "ed25519", "platforma", "platphorm", "event", "relay")
Profile = Literal["standard", "ed25519", "platforma", "platphorm", "event", "relay"]
#: A mapping, pairs, or the value of the one signature header.
Headers = Union[  # noqa: UP007  (an alias)
    Mapping[str, Union[str, Sequence[str]]], Iterable[tuple[str, str]], str, None  # noqa: UP007
]
Reason = Literal[
    "not_bytes", "unknown_profile", "header_missing", "signature_malformed", "too_old", "too_new",
    "no_secret", "ed25519_unavailable", "other_secret_or_body",
]

_SIGNATURES_MAX = 64
_OF_BODY: dict[str, tuple[str, ...]] = {
    "platforma": ("x-platforma-signature",),
    "platphorm": ("x-platphorm-signature",),
    "relay": ("x-platformxe-signature", "x-caldera-signature"),
}


@dataclass
class _Claim:
    before: bytes = b""
    timestamp: int | None = None
    macs: list[bytes] = field(default_factory=list)
    ed25519: list[bytes] = field(default_factory=list)
    is_standard: bool = False


def verify_webhook_signature(
    body: bytes | str,
    headers: Headers,
    secrets: str | Sequence[str],
    *,
    profile: Profile | None = None,
    tolerance_seconds: float = 300,
    now: float | None = None,
) -> bool:
    """Whether `body`, as it came in, was signed with one of the secrets. Never raises.

    `profile` is `standard` unless given; a lone header value belongs to `platforma`, `platphorm`
    or `relay`. `now` is in seconds since 1970. A secret that begins with `whpk_` is a public key.
    """
    reason = refusal_reason(
        body, headers, secrets, profile=profile, tolerance_seconds=tolerance_seconds, now=now
    )
    return reason is None


def refusal_reason(
    body: bytes | str,
    headers: Headers,
    secrets: str | Sequence[str],
    *,
    profile: Profile | None = None,
    tolerance_seconds: float = 300,
    now: float | None = None,
) -> Reason | None:
    """Why a signature is refused, without the secret; None: it is genuine. Never raises."""
    try:
        return _reason(body, headers, secrets, profile, tolerance_seconds, now)
    except Exception:
        return "signature_malformed"


def _reason(
    body: bytes | str,
    headers: Headers,
    secrets: str | Sequence[str],
    profile: str | None,
    tolerance_seconds: float,
    now: float | None,
) -> Reason | None:
    content = _bytes(body)
    if content is None:
        return "not_bytes"
    if profile is not None and profile not in SIGNATURE_PROFILES:
        return "unknown_profile"
    claim = _claim(headers, profile)
    if claim is None:
        return "header_missing"
    keys = [secrets] if isinstance(secrets, str) else list(secrets)
    keys = [each for each in keys if isinstance(each, str) and each]
    if not keys:
        return "no_secret"
    if not claim.macs and not claim.ed25519:
        return "signature_malformed"
    if claim.timestamp is not None:
        moment = int(time.time() if now is None else now)
        if not abs(moment - claim.timestamp) <= tolerance_seconds:
            return "too_new" if claim.timestamp > moment else "too_old"
    matching = [each for each in keys if _matches(claim, each, content)]
    if matching:
        return None
    only_public = all(each.startswith("whpk_") for each in keys)
    return "ed25519_unavailable" if only_public and not _has_ed25519() else "other_secret_or_body"


def _bytes(body: object) -> bytes | None:
    if isinstance(body, str):
        return body.encode("utf-8")
    return bytes(body) if isinstance(body, (bytes, bytearray, memoryview)) else None


def _claim(headers: Headers, profile: str | None) -> _Claim | None:
    if headers is None or isinstance(headers, str):
        if profile is not None and profile not in _OF_BODY:
            return None
        return None if headers is None else _hex_claim([headers.removeprefix("sha256=")])
    name = profile or "standard"
    if name in ("standard", "ed25519"):
        return _standard(headers)
    if name == "event":
        stamp = _header(headers, "x-event-timestamp")
        seconds = _seconds(stamp)
        values = _both(headers, "x-event-signature")
        if seconds is None or not values:
            return None
        claim = _hex_claim(values)
        claim.before, claim.timestamp = f"{stamp}.".encode(), seconds
        return claim
    found = [value for each in _OF_BODY[name] for value in _both(headers, each)]
    return _hex_claim([each.removeprefix("sha256=") for each in found]) if found else None


def _standard(headers: Headers) -> _Claim | None:
    identity, stamp = _header(headers, "webhook-id"), _header(headers, "webhook-timestamp")
    seconds, signatures = _seconds(stamp), _header(headers, "webhook-signature")
    if identity is None or seconds is None or signatures is None:
        return None
    claim = _Claim(f"{identity}.{stamp}.".encode(), seconds, is_standard=True)
    for each in signatures.split(" ")[:_SIGNATURES_MAX]:
        version, _, text = each.partition(",")
        decoded = _base64(text)
        if decoded is not None and version == "v1" and len(decoded) == 32:
            claim.macs.append(decoded)
        if decoded is not None and version == "v1a" and len(decoded) == 64:
            claim.ed25519.append(decoded)
    return claim


def _hex_claim(values: Sequence[str]) -> _Claim:
    valid = [bytes.fromhex(each) for each in values if re.fullmatch(r"[0-9a-fA-F]{64}", each)]
    return _Claim(macs=valid)


def _both(headers: Headers, name: str) -> list[str]:
    """A rotation has a header of its own for the signature of the new secret."""
    found = (_header(headers, name), _header(headers, f"{name}-next"))
    return [each for each in found if each is not None]


def _header(headers: Headers, wanted: str) -> str | None:
    """None where it is missing, or there several times with different values."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(headers, Mapping):
        pairs = headers.items()
    elif headers is not None and not isinstance(headers, str):
        pairs = headers
    values: list[Any] = []
    for name, value in pairs:
        if _text(name).lower() == wanted:
            values.extend([value] if isinstance(value, (str, bytes)) else value)
    texts = {_text(each) for each in values if each is not None}
    return texts.pop() if len(texts) == 1 else None


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,12}", text) else None


def _base64(text: str) -> bytes | None:
    """None unless it is canonical base64 of at least one byte."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded and base64.b64encode(decoded).decode() == text else None


def _matches(claim: _Claim, secret: str, body: bytes) -> bool:
    """Compares with every signature, so that the time reveals nothing."""
    if secret.startswith("whpk_"):
        return any([_signed_by(secret, claim.before + body, each) for each in claim.ed25519])
    key = secret.encode("utf-8")
    if claim.is_standard and secret.startswith("whsec_"):
        key = _base64(secret[len("whsec_") :]) or key
    expected = hmac.new(key, claim.before + body, hashlib.sha256).digest()
    return any([hmac.compare_digest(expected, each) for each in claim.macs])


def _has_ed25519() -> bool:
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
    except ImportError:
        return False
    return True


def _signed_by(public_key: str, content: bytes, signature: bytes) -> bool:
    """Needs the extra `ed25519` (the package cryptography)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = _base64(public_key[len("whpk_") :])
    if key is None or len(key) != 32:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except InvalidSignature:
        return False
    return True
