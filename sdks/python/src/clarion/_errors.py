"""Errors of a call: a refusal (ClarionApiError), no answer (ClarionConnectionError), or a stream
that has ended for good (ClarionStreamError)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Finding:
    """One problem: its place (JSON pointer), the rule, and a message."""

    path: str
    rule: str
    message: str


class ClarionError(Exception):
    """The base of all kinds."""


class ClarionApiError(ClarionError):
    """The platform answered with a refusal. Codes are stable; messages are for people."""

    BY_CODE: ClassVar[dict[str, type[ClarionApiError]]] = {}

    code: str
    status: int
    details: tuple[Finding, ...]
    request_id: str | None
    #: Whether the same call may succeed if it is repeated unchanged.
    retryable: bool
    #: Seconds to wait before a retry, if the platform gave them.
    retry_after: float | None
    #: bus_relay_failed only: the emit is kept under this id; redrive it, do not emit it again.
    emit_id: str | None
    #: The whole error as it was answered.
    facts: Mapping[str, Any]

    def __init__(
        self, status: int, facts: Mapping[str, Any], retry_after: float | None = None
    ) -> None:
        super().__init__(str(facts.get("message", "")))
        self.code = str(facts.get("code", "unexpected_answer"))
        self.status = status
        self.details = tuple(_finding(each) for each in facts.get("details") or ())
        self.request_id = facts.get("requestId")
        retryable = facts.get("retryable")
        self.retryable = retryable if isinstance(retryable, bool) else _may_pass(status)
        self.retry_after = retry_after
        self.emit_id = facts.get("emitId")
        self.facts = facts

    def __init_subclass__(cls, code: str, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.BY_CODE[code] = cls


class ClarionConnectionError(ClarionError):
    """No answer: the connection failed, or the time ran out."""

    code: Literal["network_error", "timeout"]
    #: False only if no connection was made: otherwise the call may have been done.
    may_have_been_done: bool

    def __init__(
        self, code: Literal["network_error", "timeout"], message: str, may_have_been_done: bool
    ) -> None:
        super().__init__(message)
        self.code = code
        self.may_have_been_done = may_have_been_done


class ClarionStreamError(ClarionError):
    """A stream has ended for a reason that does not pass, such as a key that was revoked."""

    reason: str
    #: Goes on behind the last event.
    cursor: str | None

    def __init__(self, reason: str, cursor: str | None) -> None:
        super().__init__(f"The stream has ended: {reason}.")
        self.reason = reason
        self.cursor = cursor


def api_error(
    status: int, facts: Mapping[str, Any], retry_after: float | None
) -> ClarionApiError:
    from . import codes  # noqa: F401  (registers the subclasses)

    kind = ClarionApiError.BY_CODE.get(str(facts.get("code")), ClarionApiError)
    return kind(status, facts, retry_after)


def _finding(given: Mapping[str, Any]) -> Finding:
    return Finding(*(str(given.get(name, "")) for name in ("path", "rule", "message")))


def _may_pass(status: int) -> bool:
    return status == 429 or status >= 500
