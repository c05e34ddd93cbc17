"""Makes the calls that stand in the lines of the standard input, and prints one line for each."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import re
import sys
from decimal import Decimal
from typing import Any

import clarion
import order
from clarion._model import Model, snake

KEY = "ck_test_contract"


class FixedRandom:
    """Ids in order, and jitter in the middle."""

    def __init__(self) -> None:
        self.ids = 0

    def uniform(self) -> float:
        return 0.5

    def id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"


class NotedClock:
    """Waits end at once, and are noted in milliseconds."""

    def __init__(self) -> None:
        self.waits: list[int] = []

    def now(self) -> float:
        return 1_796_000_000.0

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds * 1000))


def camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(each[:1].upper() + each[1:] for each in rest)


def plain(value: Any) -> Any:
    """As JSON, without what is not described."""
    if isinstance(value, Model):
        fields = {name: each for name, each in vars(value).items() if name != "extra"}
        return {camel(name): plain(each) for name, each in fields.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return float(value) if isinstance(value, Decimal) else value


def client_for(asked: dict[str, Any], clock: NotedClock, is_async: bool) -> Any:
    kind = clarion.AsyncClarion if is_async else clarion.Clarion
    return kind(
        base_url=asked["baseUrl"],
        api_key=asked.get("apiKey", KEY),
        timeout=asked.get("timeoutMs", 10_000) / 1000,
        retries=asked.get("retries", 2),
        clock=clock,
        random=FixedRandom(),
    )


def method_of(client: Any, call: str) -> Any:
    *parts, name = call.split(".")
    for part in parts:
        client = getattr(client, snake(part))
    return getattr(client, snake(name))


def arguments_of(asked: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    body = asked.get("body")
    named = {snake(name): value for name, value in (asked.get("query") or {}).items()}
    given = list(asked.get("path") or [])
    if asked.get("wholeBody"):
        given.append(body)
    elif body is not None:
        named.update({snake(name): value for name, value in body.items()})
    options = {snake(name): value for name, value in (asked.get("options") or {}).items()}
    if options:
        named["request_options"] = clarion.CallOptions(**options)
    return given, named


def run(asked: dict[str, Any], clock: NotedClock) -> Any:
    client = client_for(asked, clock, False)
    given, named = arguments_of(asked)
    result = method_of(client, asked["call"])(*given, **named)
    if inspect.isgenerator(result):
        return list(result)
    return result.data if isinstance(result, clarion.Page) else result


async def run_async(asked: dict[str, Any], clock: NotedClock) -> Any:
    client = client_for(asked, clock, True)
    given, named = arguments_of(asked)
    result = method_of(client, asked["call"])(*given, **named)
    if inspect.isasyncgen(result):
        result = [each async for each in result]
    else:
        result = await result
    await client.close()
    return result.data if isinstance(result, clarion.Page) else result


def call(asked: dict[str, Any]) -> dict[str, Any]:
    clock = NotedClock()
    try:
        done = asyncio.run(run_async(asked, clock)) if asked.get("async") else run(asked, clock)
        outcome: dict[str, Any] = {"data": plain(done)}
    except clarion.ClarionApiError as error:
        outcome = {
            "refused": error.code,
            "status": error.status,
            "retryable": error.retryable,
            "retryAfterS": error.retry_after,
            "emitId": error.emit_id,
            "kind": type(error).__name__ != "ClarionApiError",
        }
    except clarion.ClarionConnectionError as error:
        outcome = {"lost": error.code, "mayHaveBeenDone": error.may_have_been_done}
    except (TypeError, ValueError) as error:
        outcome = {"mistake": True, "message": str(error)}
    return {**outcome, "waits": clock.waits}


def calls() -> list[str]:
    """Every call below a client, as the document writes it."""
    client = clarion.Clarion(base_url="http://127.0.0.1:1", api_key=KEY)

    def below(part: Any, path: str) -> list[str]:
        found = []
        for name, each in vars(part).items():
            if not name.startswith("_") and type(each).__module__.startswith("clarion.resources"):
                found += below(each, f"{path}{camel(name)}.")
        for name, _ in inspect.getmembers(type(part), inspect.isfunction):
            if not name.startswith("_") and name != "close":
                found.append(path + camel(name))
        return found

    return sorted(below(client, ""))


def verify(asked: dict[str, Any]) -> bool:
    headers = asked["headers"]
    return clarion.verify_webhook_signature(
        base64.b64decode(asked["body"]),
        headers if isinstance(headers, str) else [tuple(each) for each in headers],
        asked["secrets"],
        profile=asked.get("profile"),
        tolerance_seconds=asked.get("toleranceSeconds", 300),
        now=asked["nowS"],
    )


class NotedPlace:
    def __init__(self, cursor: str | None) -> None:
        self.cursor = cursor
        self.saved: list[str] = []

    def load(self) -> str | None:
        return self.cursor

    def save(self, cursor: str) -> None:
        self.saved.append(cursor)


def stream(asked: dict[str, Any]) -> dict[str, Any]:
    clock = NotedClock()
    place = NotedPlace(asked.get("place"))
    opened: list[str] = []
    gaps: list[Any] = []
    options = clarion.StreamOptions(
        place=place, on_open=opened.append, on_gap=lambda *gap: gaps.append(gap)
    )
    events: list[str] = []
    made: list[Any] = []

    def is_left(event: dict[str, Any]) -> bool:
        events.append(event["id"])
        return len(events) == asked.get("leaveAfter")

    def read() -> str:
        with client_for(asked, clock, False) as client:
            made.append(client.stream(options=options, **asked["query"]))
            for event in made[0]:
                if is_left(event):
                    made[0].commit()
                    made[0].close()
                    return "left"
        return "over"

    async def read_async() -> str:
        async with client_for(asked, clock, True) as client:
            made.append(client.stream(options=options, **asked["query"]))
            async for event in made[0]:
                if is_left(event):
                    made[0].commit()
                    await made[0].close()
                    return "left"
        return "over"

    try:
        end = asyncio.run(read_async()) if asked.get("async") else read()
    except clarion.ClarionStreamError as error:
        end = error.reason
    except clarion.ClarionApiError as error:
        end = error.code
    return {
        "events": events,
        "opened": opened,
        "gaps": gaps,
        "saved": place.saved,
        "cursor": made[0].cursor or "",
        "end": end,
        "waits": clock.waits,
    }


def typed(asked: dict[str, Any]) -> dict[str, Any]:
    """Emits an event of a generated type, then a batch of two and one without a type."""
    drifts: list[list[str]] = []
    placed = order.OrderPlaced(id="o-1", at="2026-01-01T00:00:00Z")
    plain = {"name": "a.b", "payload": {}}
    hashed = clarion.CallOptions(schema_hash="abc")
    settings: dict[str, Any] = {
        "base_url": asked["baseUrl"],
        "api_key": KEY,
        "random": FixedRandom(),
        "on_schema_drift": lambda *drift: drifts.append(list(drift)),
    }
    items: Any = [placed, {"payload": placed, "subject": "s"}, plain]

    async def emit_async() -> None:
        async with clarion.AsyncClarion(**settings) as client:
            await client.events.custom.emit(placed)
            await client.events.custom.emit_batch(items=items)
            await client.events.custom.emit(**plain, request_options=hashed)

    if asked.get("async"):
        asyncio.run(emit_async())
    else:
        with clarion.Clarion(**settings) as client:
            client.events.custom.emit(placed)
            client.events.custom.emit_batch(items=items)
            client.events.custom.emit(**plain, request_options=hashed)
    return {"drifts": drifts}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        kinds: dict[str, Any] = {"call": call, "verify": verify, "stream": stream, "typed": typed}
        kinds["calls"] = lambda _: calls()
        do = kinds[asked["do"]]
        print(json.dumps(do(asked)), flush=True)


if __name__ == "__main__":
    assert re.match(r"\d", clarion.__version__)
    main()
