"""The two ways to send a request: at once, and awaited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar, cast

import httpx

from ._errors import ClarionConnectionError, ClarionError
from ._json import NOT_GIVEN
from ._policy import (
    Clock,
    Operation,
    Page,
    Request,
    Settings,
    SystemClock,
    connection_error,
    delay_after,
    page_of,
    read_answer,
    request_of,
    result_of,
)

PAGE_ENTRIES = 100
T = TypeVar("T")


def _limits(request: Request) -> httpx.Timeout:
    return httpx.Timeout(request.timeout)


def _with_limit(values: Mapping[str, Any]) -> dict[str, Any]:
    is_given = values.get("limit", NOT_GIVEN) is not NOT_GIVEN
    return dict(values) if is_given else {**values, "limit": PAGE_ENTRIES}


class Core:
    """Sends calls of one client."""

    def __init__(
        self, settings: Settings, transport: httpx.BaseTransport | None, clock: Clock | None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.http = httpx.Client(transport=transport, follow_redirects=False)

    def call(
        self, operation: Operation, values: Mapping[str, Any]
    ) -> T:  # type: ignore[type-var]  # the caller says what it is
        answer = self.send(request_of(self.settings, operation, operation.read(values)))
        return cast(T, result_of(answer, operation))

    def page(self, operation: Operation, values: Mapping[str, Any]) -> Page[Any]:
        request = request_of(self.settings, operation, operation.read(values))
        return page_of(self.send(request), operation)

    def each(self, page_of: Callable[..., Page[Any]], given: Mapping[str, Any]) -> Iterator[Any]:
        values = _with_limit(given)
        while True:
            page = page_of(**values)
            yield from page.data
            if not page.next_cursor:
                return
            values["cursor"] = page.next_cursor

    def send(self, request: Request) -> Any:
        attempt = 1
        while True:
            try:
                return self._exchange(request)
            except ClarionError as error:
                delay = delay_after(self.settings, request, error, attempt)
                if delay is None:
                    raise
            self.clock.sleep(delay)
            attempt += 1

    def _exchange(self, request: Request) -> Any:
        until = time.monotonic() + request.timeout
        try:
            with self.http.stream(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                timeout=_limits(request),
            ) as response:
                chunks = []
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    # The limits of httpx hold for each read alone.
                    if time.monotonic() > until:
                        raise httpx.ReadTimeout("the answer took too long")
        except httpx.HTTPError as cause:
            raise connection_error(self.settings, request, cause) from cause
        return read_answer(self.settings, request, _whole(response, chunks), self.clock.now())


class AsyncClock(SystemClock):
    sleep = staticmethod(asyncio.sleep)  # type: ignore[assignment]


class AsyncCore:
    """As Core; every call is awaited."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None, clock: Clock | None
    ) -> None:
        self.settings = settings
        self.clock = clock or AsyncClock()
        self.http = httpx.AsyncClient(transport=transport, follow_redirects=False)

    async def call(self, operation: Operation, values: Mapping[str, Any]) -> Any:
        answer = await self.send(request_of(self.settings, operation, operation.read(values)))
        return result_of(answer, operation)

    async def page(self, operation: Operation, values: Mapping[str, Any]) -> Page[Any]:
        request = request_of(self.settings, operation, operation.read(values))
        return page_of(await self.send(request), operation)

    async def each(
        self, page_of: Callable[..., Awaitable[Page[Any]]], given: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        values = _with_limit(given)
        while True:
            page = await page_of(**values)
            for each in page.data:
                yield each
            if not page.next_cursor:
                return
            values["cursor"] = page.next_cursor

    async def send(self, request: Request) -> Any:
        attempt = 1
        while True:
            try:
                return await self._exchange(request)
            except ClarionError as error:
                delay = delay_after(self.settings, request, error, attempt)
                if delay is None:
                    raise
            pause = self.clock.sleep(delay)
            if pause is not None:
                await pause
            attempt += 1

    async def _exchange(self, request: Request) -> Any:
        try:
            response = await asyncio.wait_for(
                self.http.request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    content=request.content,
                    timeout=_limits(request),
                ),
                request.timeout,
            )
        except asyncio.TimeoutError as cause:
            message = f"No answer within {request.timeout:g} s."
            raise ClarionConnectionError("timeout", message, True) from cause
        except httpx.HTTPError as cause:
            raise connection_error(self.settings, request, cause) from cause
        return read_answer(self.settings, request, response, self.clock.now())

    async def close(self) -> None:
        with suppress(RuntimeError):
            await self.http.aclose()


class Part:
    """A group of calls."""

    def __init__(self, core: Core) -> None:
        self._core = core


class AsyncPart:
    """As Part; every call is awaited."""

    def __init__(self, core: AsyncCore) -> None:
        self._core = core


def _whole(response: httpx.Response, chunks: list[bytes]) -> httpx.Response:
    headers = {
        name: value for name, value in response.headers.items() if name != "content-encoding"
    }
    return httpx.Response(response.status_code, headers=headers, content=b"".join(chunks))
