"""A receiver as an ASGI application."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from clarion import verify_webhook_signature


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
    genuine = verify_webhook_signature(body, headers, os.environ["WEBHOOK_SECRET"])
    status = 200 if genuine else 401
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"ok" if genuine else b"invalid signature"})
