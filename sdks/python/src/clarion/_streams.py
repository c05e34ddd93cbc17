"""Streams of events, which reconnect and go on behind the last event that was finished."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from . import operations
from ._errors import ClarionApiError, ClarionConnectionError, ClarionError, ClarionStreamError
from ._json import decode
from ._policy import Given, Request, Settings, connection_error, read_answer, request_of

if TYPE_CHECKING:
    from ._core import AsyncCore, Core

#: The platform writes every 15 s: longer silence is a connection that is gone.
SILENT_S = 45.0
FIRST_PAUSE_S = 0.25
LONGEST_AWAY_S = 5.0
PASSING_ENDS = ("until_reached", "server_drain", "slow_consumer")
PASSING_CODES = ("rate_limited", "unexpected_answer")


class Place(Protocol):
    """Keeps where a reader has come to, from one run to the next."""

    def load(self) -> str | None:
        """None where nothing is kept yet."""
        ...

    def save(self, cursor: str) -> None: ...


class FilePlace:
    """A place in a file, which is replaced as a whole."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def load(self) -> str | None:
        try:
            return self.path.read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def save(self, cursor: str) -> None:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".place-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{cursor}\n")
            Path(name).replace(self.path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise


@dataclass(frozen=True)
class StreamOptions:
    """The place of a stream, and what its reader is notified of."""

    #: Saved behind each event when the loop takes the next one: an unfinished event comes again.
    place: Place | None = None
    #: Connected, with the cursor: at the start, and again after an interruption.
    on_open: Callable[[str], None] | None = None
    #: The connection is gone, or could not be made; it is tried again after so many seconds.
    on_away: Callable[[ClarionError, float], None] | None = None
    #: Events before the place were deleted: the earliest cursor, and how many, if that is known.
    on_gap: Callable[[str, int | None], None] | None = None


class _Reading:
    """What both kinds of stream do alike: places, ends and pauses."""

    def __init__(
        self, settings: Settings, query: Mapping[str, Any], options: StreamOptions
    ) -> None:
        self.settings = settings
        self.given = dict(query)
        self.options = options
        self.cursor: str | None = None
        self.at_hand: Mapping[str, Any] | None = None
        self.failures = 0
        self.has_opened = False
        self.end: Mapping[str, Any] | None = None
        self.is_cut = False

    def begin(self) -> None:
        if self.options.place is not None:
            self.cursor = self.options.place.load()

    def request(self) -> Request:
        query = {**self.given, **({"from": self.cursor} if self.cursor else {})}
        for name, value in query.items():
            if name == "types" and not isinstance(value, str):
                query[name] = ",".join(value)
            elif isinstance(value, Mapping):
                query[name] = json.dumps(value)
        self.end, self.is_cut = None, False
        return request_of(
            self.settings, operations.STREAM_EVENTS, Given((), query, None, None)
        )

    def line_of(self, text: str) -> Mapping[str, Any] | None:
        """None for an empty line, and for one that the connection was cut in: that is the last."""
        if not text.strip():
            return None
        try:
            line = decode(text, self.settings.exact_numbers)
        except ValueError:
            line = None
        self.is_cut = not isinstance(line, dict)
        return line if isinstance(line, dict) else None

    @property
    def is_last(self) -> bool:
        """No line of this connection follows."""
        return self.is_cut or self.end is not None

    def events_of(self, line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """One event or none; when the caller asks on, it has finished it."""
        event = self._take(line)
        if event is not None:
            yield event
        self.pass_to(line)

    def _take(self, line: Mapping[str, Any]) -> dict[str, Any] | None:
        self.failures, self.has_opened = 0, True
        kind, options = line.get("type"), self.options
        if kind == "event":
            self.at_hand = line
            event: dict[str, Any] = line["event"]
            return event
        if kind == "ready" and options.on_open is not None:
            options.on_open(line["cursor"])
        if kind == "gap" and options.on_gap is not None:
            options.on_gap(line["earliestCursor"], line.get("lostEvents"))
        if kind == "end":
            if line.get("reason") not in PASSING_ENDS:
                raise ClarionStreamError(str(line.get("reason")), line.get("cursor"))
            self.end = line
        return None

    def pass_to(self, line: Mapping[str, Any]) -> None:
        """The caller has finished what lies before the line."""
        cursor = line.get("cursor")
        if not cursor or cursor == self.cursor:
            return
        self.cursor = cursor
        if self.options.place is not None:
            self.options.place.save(cursor)

    def pause_after(self, cut: ClarionError | None) -> float | None:
        """Seconds until the next connection; None: it is over. Raises what does not pass."""
        if cut is not None and not self._may_pass(cut):
            raise cut
        is_over = self.end is not None and self.end.get("reason") == "until_reached"
        return None if cut is None and is_over else self._pause(cut)

    def _may_pass(self, error: ClarionError) -> bool:
        if isinstance(error, ClarionConnectionError):
            return True
        if not isinstance(error, ClarionApiError):
            return False
        # A stream that was cut counts on the plan until the platform has noticed.
        return (
            error.status >= 500
            or error.code in PASSING_CODES
            or (self.has_opened and error.code == "stream_limit_exceeded")
        )

    def _pause(self, error: ClarionError | None) -> float:
        if error is None and self.end is not None:
            return float(self.end.get("retryMs") or 0) / 1000
        if error is None:
            error = ClarionConnectionError("network_error", "The stream was cut.", True)
        self.failures += 1
        wait = min(FIRST_PAUSE_S * 2.0 ** (self.failures - 1), LONGEST_AWAY_S)
        wait *= 1 - self.settings.random.uniform() / 2
        if isinstance(error, ClarionApiError):
            wait = max(wait, error.retry_after or 0)
        if self.options.on_away is not None:
            self.options.on_away(error, wait)
        return wait


def _sent(request: Request) -> dict[str, Any]:
    return {
        "url": request.url,
        "headers": {**request.headers, "accept": "application/x-ndjson"},
        "timeout": httpx.Timeout(SILENT_S),
    }


class _Stream:
    def __init__(self, reading: _Reading) -> None:
        self._reading = reading

    @property
    def cursor(self) -> str | None:
        """Behind the last event that was finished; None before the start is known."""
        return self._reading.cursor

    def commit(self) -> None:
        """The event at hand is finished: for a loop that is left with it."""
        if self._reading.at_hand is not None:
            self._reading.pass_to(self._reading.at_hand)


class EventStream(_Stream):
    """Events as they come. It has no end, unless `until` is given or the loop is left."""

    def __init__(self, core: Core, query: Mapping[str, Any], options: StreamOptions) -> None:
        super().__init__(_Reading(core.settings, query, options))
        self._core = core
        self._events = self._read()

    def close(self) -> None:
        self._events.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._events)

    def _read(self) -> Generator[dict[str, Any], None, None]:
        self._reading.begin()
        pause: float | None = 0.0
        while pause is not None:
            cut: ClarionError | None = None
            try:
                with closing(self._lines()) as lines:
                    for line in lines:
                        yield from self._reading.events_of(line)
            except ClarionError as error:
                cut = error
            pause = self._reading.pause_after(cut)
            if pause is not None:
                self._core.clock.sleep(pause)

    def _lines(self) -> Generator[Mapping[str, Any], None, None]:
        reading = self._reading
        request = reading.request()
        try:
            with self._core.http.stream("GET", **_sent(request)) as response:
                if response.status_code != 200:
                    response.read()
                    read_answer(reading.settings, request, response, self._core.clock.now())
                for text in response.iter_lines():
                    line = reading.line_of(text)
                    if line is not None:
                        yield line
                    if reading.is_last:
                        return
        except httpx.HTTPError as cause:
            raise connection_error(reading.settings, request, cause) from cause


class AsyncEventStream(_Stream):
    """As EventStream; the events are awaited."""

    def __init__(self, core: AsyncCore, query: Mapping[str, Any], options: StreamOptions) -> None:
        super().__init__(_Reading(core.settings, query, options))
        self._core = core
        self._events = self._read()

    async def close(self) -> None:
        await self._events.aclose()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return await self._events.__anext__()

    async def _read(self) -> AsyncGenerator[dict[str, Any], None]:
        self._reading.begin()
        pause: float | None = 0.0
        while pause is not None:
            cut: ClarionError | None = None
            try:
                async with aclosing(self._lines()) as lines:
                    async for line in lines:
                        for event in self._reading.events_of(line):
                            yield event
            except ClarionError as error:
                cut = error
            pause = self._reading.pause_after(cut)
            if pause is not None:
                await _slept(self._core.clock.sleep(pause))

    async def _lines(self) -> AsyncGenerator[Mapping[str, Any], None]:
        reading = self._reading
        request = reading.request()
        try:
            async with self._core.http.stream("GET", **_sent(request)) as response:
                if response.status_code != 200:
                    await response.aread()
                    read_answer(reading.settings, request, response, self._core.clock.now())
                async for text in response.aiter_lines():
                    line = reading.line_of(text)
                    if line is not None:
                        yield line
                    if reading.is_last:
                        return
        except httpx.HTTPError as cause:
            raise connection_error(reading.settings, request, cause) from cause


async def _slept(pause: Any) -> None:
    """The clock of a test ends a pause at once."""
    if pause is not None:
        await pause
