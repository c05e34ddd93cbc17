"""httpx-sse: the sequence number of each event, until `count` of them."""
import json
import sys

import httpx
from httpx_sse import connect_sse

url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
last, seen = None, 0
with httpx.Client(timeout=45) as client:
    while seen < count:
        headers = {"authorization": f"Bearer {key}"}
        if last is not None:
            headers["last-event-id"] = last
        try:
            with connect_sse(client, "GET", url, headers=headers) as source:
                for event in source.iter_sse():
                    last = event.id
                    if event.event in ("ready", "position", "gap", "end"):
                        continue
                    print(json.loads(event.data)["sequence"], flush=True)
                    seen += 1
                    if seen == count:
                        break
        except httpx.TransportError:
            pass
