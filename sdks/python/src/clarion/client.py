"""The clients: one key, and so one organization and environment."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

from ._core import AsyncCore, Core
from ._json import NOT_GIVEN
from ._policy import Clock, Random, settings_of
from ._streams import AsyncEventStream, EventStream, StreamOptions
from ._typed import OnSchemaDrift
from .async_resources import AsyncRoot
from .resources import Root


class Clarion(Root):
    """Calls raise ClarionApiError (refused, with a code) or ClarionConnectionError (no answer).

    `timeout` is in seconds, for each attempt. `exact_numbers`: fractions in answers are Decimal.
    `on_schema_drift(name, version)` is called when an emit is judged by another schema than the one
    that its types were generated from.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        timeout: float = 10.0,
        retries: int = 2,
        retry_after_max: float = 30.0,
        exact_numbers: bool = False,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        on_schema_drift: OnSchemaDrift | None = None,
    ) -> None:
        settings = settings_of(
            *(base_url, api_key, timeout, retries, retry_after_max, exact_numbers, random),
            on_schema_drift=on_schema_drift,
        )
        super().__init__(Core(settings, transport, clock))

    def stream(self, *, options: StreamOptions | None = None, **query: Any) -> EventStream:
        """Events as they come, which reconnects by itself.

        Takes `types`, `from_`, `until` and the other parameters of GET /events/stream. Raises
        ClarionApiError, and ClarionStreamError where it has ended for good.
        """
        return EventStream(self._core, _named(query), options or StreamOptions())

    def close(self) -> None:
        self._core.http.close()

    def __enter__(self) -> Clarion:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClarion(AsyncRoot):
    """As Clarion; every call is awaited."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        timeout: float = 10.0,
        retries: int = 2,
        retry_after_max: float = 30.0,
        exact_numbers: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        on_schema_drift: OnSchemaDrift | None = None,
    ) -> None:
        settings = settings_of(
            *(base_url, api_key, timeout, retries, retry_after_max, exact_numbers, random),
            on_schema_drift=on_schema_drift,
        )
        super().__init__(AsyncCore(settings, transport, clock))

    def stream(self, *, options: StreamOptions | None = None, **query: Any) -> AsyncEventStream:
        return AsyncEventStream(self._core, _named(query), options or StreamOptions())

    async def close(self) -> None:
        await self._core.close()

    async def __aenter__(self) -> AsyncClarion:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _named(query: dict[str, Any]) -> dict[str, Any]:
    def camel(name: str) -> str:
        first, *rest = name.rstrip("_").split("_")
        return first + "".join(each.capitalize() for each in rest)

    return {camel(name): value for name, value in query.items() if value is not NOT_GIVEN}
