"""Emits by the kit and by bare httpx in turn; prints the medians in milliseconds."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import clarion
import httpx

URL, COUNT, PAYLOAD = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
WARM = 50


def spent(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    body = json.dumps({"name": "a.b", "payload": PAYLOAD}).encode()
    headers = {"authorization": "Bearer k", "content-type": "application/json"}
    with clarion.Clarion(base_url=URL, api_key="k") as client, httpx.Client() as http:
        emit_url = f"{URL}/api/v1/events/custom/emit"
        calls = {
            "bare": lambda: http.post(emit_url, content=body, headers=headers).json(),
            "kit": lambda: client.events.custom.emit(name="a.b", payload=PAYLOAD),
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for at in range(COUNT + WARM):
            for name, call in calls.items():
                ms = spent(call)
                if at >= WARM:
                    times[name].append(ms)
    print(json.dumps({name: statistics.median(each) for name, each in times.items()}))


main()
