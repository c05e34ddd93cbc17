"""sseclient-py over requests: the sequence number of each event, until `count` of them."""
import json
import sys

import requests
import sseclient

url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
last, seen = None, 0
while seen < count:
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    if last is not None:
        headers["last-event-id"] = last
    try:
        with requests.get(url, headers=headers, stream=True, timeout=(5, 45)) as answer:
            answer.raise_for_status()
            for event in sseclient.SSEClient(answer).events():
                last = event.id
                if event.event in ("ready", "position", "gap", "end"):
                    continue
                print(json.loads(event.data)["sequence"], flush=True)
                seen += 1
                if seen == count:
                    break
    except requests.exceptions.RequestException:
        pass
