"""Judges each vector of the file named first with the Python package standardwebhooks; prints a JSON list of verdicts."""

import base64
import json
import sys

from standardwebhooks.webhooks import Webhook


def genuine(vector):
    secret = vector["secret"].encode() if vector["rawKey"] else vector["secret"]
    try:
        Webhook(secret).verify(base64.b64decode(vector["body"]), vector["headers"])
        return True
    except Exception:
        return False


with open(sys.argv[1], encoding="utf-8") as file:
    print(json.dumps([genuine(vector) for vector in json.load(file)]))
