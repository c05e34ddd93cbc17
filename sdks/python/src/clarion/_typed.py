"""Emits of generated types, and what the platform says of their schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from ._json import NOT_GIVEN, Opt

#: Called with the name of an event, and the version whose schema its types are not of.
OnSchemaDrift = Callable[[str, str], Any]


@runtime_checkable
class TypedEvent(Protocol):
    """A payload whose type was generated: `clarion types NAME --lang python`."""

    EVENT_NAME: ClassVar[str]
    SCHEMA_HASH: ClassVar[str]

    def to_dict(self) -> dict[str, Any]: ...


def untyped(body: Any) -> tuple[Any, dict[str, str]]:
    """The body of an emit or a batch as JSON, and by name the hashes of the types in it."""
    hashes: dict[str, str] = {}
    if isinstance(body, Mapping) and "items" in body:
        items = [_item(each, hashes) for each in body["items"]]
        return {**body, "items": items}, hashes
    return (_item(body, hashes) if isinstance(body, Mapping) else body), hashes


def _item(item: Any, hashes: dict[str, str]) -> Any:
    if isinstance(item, TypedEvent):
        item = {"payload": item}
    payload = item.get("payload")
    if not isinstance(payload, TypedEvent):
        return item
    hashes[payload.EVENT_NAME] = payload.SCHEMA_HASH
    return {"name": payload.EVENT_NAME, **item, "payload": payload.to_dict()}


def with_event(body: dict[str, Any], event: Opt[TypedEvent]) -> dict[str, Any]:
    """Raises TypeError where the call has neither an event, nor a name and a payload."""
    if event is not NOT_GIVEN:
        return {"payload": event, **body}
    if not isinstance(body.get("payload"), TypedEvent) and not {"name", "payload"} <= body.keys():
        raise TypeError("emit takes a typed event, or a name and a payload")
    return body


def schema_header(given: str | None, hashes: Mapping[str, str], is_batch: bool) -> str | None:
    """`X-Schema-Hash`: one hash, or `<name>=<hash>` for each name of a batch."""
    if given is not None or not hashes:
        return given
    if not is_batch:
        return next(iter(hashes.values()))
    return ", ".join(f"{name}={value}" for name, value in hashes.items())


def note_drift(header: str | None, body: Any, call: OnSchemaDrift | None) -> None:
    """From `X-Schema-Drift`: a version, or `<name>=<version>` for each name of a batch."""
    if not header or call is None:
        return
    for part in header.split(","):
        name, _, version = part.strip().rpartition("=")
        call(name or cast("str", body["name"]), version)
