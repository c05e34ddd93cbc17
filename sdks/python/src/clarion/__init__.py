"""Emit, read and receive the events of a Clarion platform."""

from importlib import import_module
from typing import Any

from ._errors import (
    ClarionApiError,
    ClarionConnectionError,
    ClarionError,
    ClarionStreamError,
    Finding,
)
from ._json import NOT_GIVEN, RawJson
from ._policy import VERSION as __version__
from ._policy import CallOptions, Page
from ._streams import AsyncEventStream, EventStream, FilePlace, Place, StreamOptions
from ._typed import TypedEvent
from .client import AsyncClarion, Clarion
from .webhooks import SIGNATURE_PROFILES, refusal_reason, verify_webhook_signature

__all__ = [
    "NOT_GIVEN",
    "SIGNATURE_PROFILES",
    "AsyncClarion",
    "AsyncEventStream",
    "CallOptions",
    "Clarion",
    "ClarionApiError",
    "ClarionConnectionError",
    "ClarionError",
    "ClarionStreamError",
    "EventStream",
    "FilePlace",
    "Finding",
    "Page",
    "Place",
    "RawJson",
    "StreamOptions",
    "TypedEvent",
    "__version__",
    "refusal_reason",
    "verify_webhook_signature",
]


def __getattr__(name: str) -> Any:
    """Models and codes are loaded when first named: `clarion.Webhook`, `clarion.NotFound`."""
    if name[:1].isupper():
        for module in ("models", "codes"):
            found = getattr(import_module(f".{module}", __name__), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module 'clarion' has no attribute {name!r}")
