"""websockets: the sequence number of each event, acknowledged one by one, until `count` of them."""
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
last, seen = "earliest", 0
while seen < count:
    with connect(url, subprotocols=["clarion.v1"]) as socket:
        socket.send(json.dumps({"type": "auth", "key": key}))
        socket.send(json.dumps({"type": "subscribe", "id": "s", "types": "*", "from": last, "window": 5}))
        try:
            for text in socket:
                message = json.loads(text)
                if message["type"] != "event":
                    continue
                last = message["cursor"]
                print(message["event"]["sequence"], flush=True)
                socket.send(json.dumps({"type": "ack", "id": "s", "cursor": last}))
                seen += 1
                if seen == count:
                    break
        except ConnectionClosed:
            pass
