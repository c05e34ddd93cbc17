"""A receiver as a WSGI application: `python -m wsgiref.simple_server` style servers run it."""

import os
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import make_server

from clarion import verify_webhook_signature


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = {
        name[len("HTTP_") :].replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if not verify_webhook_signature(body, headers, os.environ["WEBHOOK_SECRET"]):
        start_response("401 Unauthorized", [("content-type", "text/plain")])
        return [b"invalid signature"]
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"ok"]


if __name__ == "__main__":
    make_server("127.0.0.1", 8000, application).serve_forever()
