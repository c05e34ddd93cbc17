"""What is the same for both clients: settings, requests, answers, and when a call is repeated."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx

from ._errors import ClarionApiError, ClarionConnectionError, ClarionError, api_error
from ._json import NOT_GIVEN, RawJson, decode, encode, given
from ._model import shaped, snake
from ._typed import OnSchemaDrift, note_drift, schema_header, untyped, with_event

T = TypeVar("T")

VERSION = "0.1.0"
USER_AGENT = f"clarion-sdk-python/{VERSION}"
BACKOFF_S = 0.2


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def sleep(self, seconds: float) -> Any:
        """Returns after that time; an awaitable for AsyncClarion."""
        ...


class Random(Protocol):
    def uniform(self) -> float:
        """A number in [0, 1)."""
        ...

    def id(self) -> str:
        """An unguessable text: 128 bits in hex."""
        ...


class SystemRandom:
    def uniform(self) -> float:
        return secrets.randbits(32) / 2**32

    def id(self) -> str:
        return secrets.token_hex(16)


class SystemClock:
    now = staticmethod(time.time)
    sleep = staticmethod(time.sleep)


@dataclass(frozen=True)
class Operation:
    """A row of the document; `path` has `{}` for each id."""

    id: str
    method: str
    path: str
    #: `always`, `keyed` or `ifNotDone`.
    repeat: str = "always"
    #: `data`, `json` or `text`.
    answer: str = "data"
    #: `header`, `body` or both: where an idempotency key goes.
    key: str = ""
    #: Names in JSON, separated by spaces: of the ids, the query and the body (`*`: the whole).
    ids: str = ""
    query: str = ""
    #: The model in the answer, or in the list: see `shaped`.
    shape: str = ""
    body: str = ""

    def read(self, values: Mapping[str, Any]) -> Given:
        """The parameters of a call by their names in Python."""

        def some(names: str) -> dict[str, Any]:
            return given({name: values[snake(name)] for name in names.split()})

        ids = tuple(values[snake(name)] for name in self.ids.split())
        if self.body == "*":
            body: Any = values["body"]
        else:
            body = some(self.body) if self.body else None
        text = values.get("payload_json", NOT_GIVEN)
        if isinstance(text, (str, bytes)):
            body["payload"] = RawJson(text)
        if "typed_event" in values:
            body = with_event(body, values["typed_event"])
        return Given(ids, some(self.query), body, values.get("request_options"))


@dataclass(frozen=True)
class Given:
    ids: tuple[str, ...]
    query: dict[str, Any]
    body: Any
    options: CallOptions | None


@dataclass(frozen=True)
class CallOptions:
    """For one call. `timeout` in seconds, for each attempt."""

    timeout: float | None = None
    retries: int | None = None
    #: The revision that the change starts from.
    if_match: int | None = None
    idempotency_key: str | None = None
    #: Of an emit: the hash of the types that the payload was made with. Typed events bring it.
    schema_hash: str | None = None


Options = CallOptions | None


@dataclass(frozen=True)
class Page(Generic[T]):
    data: list[T]
    next_cursor: str | None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    base_url: str
    api_key: str
    timeout: float
    retries: int
    retry_after_max: float
    exact_numbers: bool
    random: Random
    on_schema_drift: OnSchemaDrift | None = None


def settings_of(
    base_url: str,
    api_key: str,
    timeout: float,
    retries: int,
    retry_after_max: float,
    exact_numbers: bool,
    random: Random | None,
    on_schema_drift: OnSchemaDrift | None = None,
) -> Settings:
    """Raises ValueError; the message never shows the key."""
    if not isinstance(api_key, str) or not api_key or not all("!" <= c <= "~" for c in api_key):
        raise ValueError("api_key is a text of printable characters without spaces or newlines")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        hint = f", such as http://{base_url}" if not parts.hostname and "@" not in base_url else ""
        raise ValueError(f"base_url begins with http:// or https:// and has no password{hint}")
    check_timeout(timeout)
    if isinstance(retries, bool) or not isinstance(retries, int) or not 0 <= retries <= 100:
        raise ValueError("retries is a whole number from 0 to 100")
    base = base_url.rstrip("/")
    base = base.removesuffix("/api/v1")
    randomness = random or SystemRandom()
    return Settings(
        *(base, api_key, timeout, retries, retry_after_max, exact_numbers, randomness),
        on_schema_drift=on_schema_drift,
    )


def check_timeout(timeout: float) -> None:
    if not isinstance(timeout, (int, float)) or not math.isfinite(timeout) or timeout <= 0:
        raise ValueError("timeout is a positive number of seconds")


@dataclass
class Request:
    """One call, ready to be sent as often as its repetition allows."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    timeout: float
    retries: int
    only_once: bool
    answer: str
    body: Any = None


def request_of(settings: Settings, operation: Operation, call: Given) -> Request:
    options = call.options or CallOptions()
    timeout = settings.timeout if options.timeout is None else options.timeout
    check_timeout(timeout)
    headers = {
        "authorization": f"Bearer {settings.api_key}",
        "accept": "application/json",
        "user-agent": USER_AGENT,
    }
    if options.if_match is not None:
        headers["if-match"] = str(options.if_match)
    content = None
    body, hashes = untyped(call.body)
    schema_hash = schema_header(options.schema_hash, hashes, operation.key == "items")
    if schema_hash is not None:
        headers["x-schema-hash"] = schema_hash
    if operation.repeat == "keyed":
        body = _with_keys(settings, operation, body, options, headers)
    if body is not None:
        content = encode(body)
        headers["content-type"] = "application/json"
    url = settings.base_url + _filled(operation.path, call.ids) + _query(call.query)
    return Request(
        operation.method,
        url,
        headers,
        content,
        timeout,
        settings.retries if options.retries is None else options.retries,
        operation.repeat == "ifNotDone",
        operation.answer,
        body,
    )


def _with_keys(
    settings: Settings,
    operation: Operation,
    body: Any,
    options: CallOptions,
    headers: dict[str, str],
) -> Any:
    def made() -> str:
        return options.idempotency_key or f"sdk-{settings.random.id()}"

    if isinstance(body, dict) and operation.key == "items":
        items = [{**each, "idempotencyKey": each.get("idempotencyKey") or made()}
                 for each in map(_raw_payload, body["items"])]
        return {**body, "items": items}
    key = body.get("idempotencyKey") if isinstance(body, dict) else None
    key = key or made()
    if "body" in operation.key:
        body = {**body, "idempotencyKey": key}
    # Only a key that a header can carry unchanged: the body has it anyway.
    if "header" in operation.key and all("!" <= c <= "~" for c in key):
        headers["idempotency-key"] = key
    return body


def _raw_payload(item: Mapping[str, Any]) -> dict[str, Any]:
    """`payloadJson` of an item of a batch is sent as it is."""
    if "payloadJson" not in item:
        return dict(item)
    rest = {name: value for name, value in item.items() if name != "payloadJson"}
    return {**rest, "payload": RawJson(item["payloadJson"])}


def _filled(path: str, ids: tuple[str, ...]) -> str:
    for each in ids:
        if not isinstance(each, str) or each in ("", ".", ".."):
            raise ValueError("an id is a text that is not empty")
        path = path.replace("{}", quote(each, safe=""), 1)
    return path


def _query(query: Mapping[str, Any] | None) -> str:
    pairs = [(name, _text(value)) for name, value in (query or {}).items() if value is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_answer(settings: Settings, request: Request, response: httpx.Response, now: float) -> Any:
    """The envelope, or the bare answer. Raises ClarionApiError."""
    text = response.text
    if 200 <= response.status_code < 300 and request.answer == "text":
        return text
    body = _parsed(text, settings.exact_numbers)
    if 200 <= response.status_code < 300:
        if request.answer == "json" and body is not None:
            return body
        if isinstance(body, dict) and body.get("success") is True:
            drift = response.headers.get("x-schema-drift")
            note_drift(drift, request.body, settings.on_schema_drift)
            return body
    after = _retry_after(response.headers.get("retry-after"), now)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and isinstance(error.get("code"), str):
        raise api_error(response.status_code, error, after)
    message = f"The answer ({response.status_code}) is not one of a Clarion platform: {text[:200]}"
    facts = {"code": "unexpected_answer", "message": message}
    raise api_error(response.status_code, facts, after)


def _parsed(text: str, exact: bool) -> Any:
    try:
        return decode(text, exact)
    except (ValueError, RecursionError):
        return None


def _retry_after(header: str | None, now: float) -> float | None:
    if header is None:
        return None
    if header.isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, TypeError):
        return None


def delay_after(
    settings: Settings, request: Request, error: ClarionError, attempt: int
) -> float | None:
    """Seconds until the next attempt; None: the error is raised."""
    if attempt > request.retries or not _may_repeat(request, error):
        return None
    backoff = BACKOFF_S * 2.0 ** (attempt - 1) * (1 - settings.random.uniform() / 2)
    after = (error.retry_after or 0.0) if isinstance(error, ClarionApiError) else 0.0
    return None if after > settings.retry_after_max else max(backoff, after)


def _may_repeat(request: Request, error: ClarionError) -> bool:
    if isinstance(error, ClarionConnectionError):
        return not (request.only_once and error.may_have_been_done)
    if not isinstance(error, ClarionApiError):
        return False
    if error.status == 429:
        return True
    return error.status >= 500 and error.retryable and not request.only_once


def connection_error(
    settings: Settings, request: Request, cause: httpx.HTTPError
) -> ClarionConnectionError:
    never_sent = isinstance(cause, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if isinstance(cause, httpx.TimeoutException):
        message = f"No answer within {request.timeout:g} s."
        return ClarionConnectionError("timeout", message, not never_sent)
    message = f"No answer from {settings.base_url}: {cause or type(cause).__name__}"
    return ClarionConnectionError("network_error", message, not never_sent)


def result_of(answer: Any, operation: Operation) -> Any:
    if operation.answer != "data":
        return answer
    return shaped(operation.shape, answer["data"])


def page_of(answer: Any, operation: Operation) -> Page[Any]:
    meta = answer.get("meta") or {}
    data = shaped("[" + operation.shape, answer["data"]) if operation.shape else answer["data"]
    return Page(data, meta.get("nextCursor"), meta)
