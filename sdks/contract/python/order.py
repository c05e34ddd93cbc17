# Code generated from TENANT_CUSTOM:org_x:order.placed@1.0.0, schema SHA-256 11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883; DO NOT EDIT.

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, ClassVar, Dict, List, Literal, Optional, Union


class Absent(Enum):
    """Marks a property that is not there, where None is the null of JSON."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass
class OrderPlaced:
    EVENT_NAME: ClassVar[str] = "order.placed"
    SCHEMA_HASH: ClassVar[str] = "11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883"

    id: str
    at: str
    currency: Optional[OrderPlacedCurrency] = None
    lines: Optional[List[OrderPlacedLine]] = None
    note: Union[Optional[str], Absent] = ABSENT
    labels: Optional[Dict[str, str]] = None
    # Properties that the schema does not name.
    additional_properties: Dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> OrderPlaced:
        rest = dict(data)
        return cls(
            id=rest.pop("id"),
            at=rest.pop("at"),
            currency=rest.pop("currency", None),
            lines=_list(rest.pop("lines", None), lambda item: _object(item, OrderPlacedLine.from_dict)),
            note=rest.pop("note", ABSENT),
            labels=rest.pop("labels", None),
            additional_properties=rest,
        )

    def to_dict(self) -> Dict[str, Any]:
        data: Dict[str, Any] = _to_json(self.additional_properties)
        data["id"] = self.id
        data["at"] = self.at
        if self.currency is not None:
            data["currency"] = self.currency
        if self.lines is not None:
            data["lines"] = _to_json(self.lines)
        if self.note is not ABSENT:
            data["note"] = self.note
        if self.labels is not None:
            data["labels"] = _to_json(self.labels)
        return data


OrderPlacedCurrency = Literal["EUR", "USD"]


@dataclass
class OrderPlacedLine:
    sku: str
    quantity: Optional[int] = None
    # Properties that the schema does not name.
    additional_properties: Dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> OrderPlacedLine:
        rest = dict(data)
        return cls(
            sku=rest.pop("sku"),
            quantity=_integer(rest.pop("quantity", None)),
            additional_properties=rest,
        )

    def to_dict(self) -> Dict[str, Any]:
        data: Dict[str, Any] = _to_json(self.additional_properties)
        data["sku"] = self.sku
        if self.quantity is not None:
            data["quantity"] = self.quantity
        return data


def _integer(value: Any) -> Any:
    """JSON may write an integer as 1.0."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value


def _list(value: Any, read: Callable[[Any], Any]) -> Any:
    return [read(item) for item in value] if isinstance(value, list) else value


def _map(value: Any, read: Callable[[Any], Any]) -> Any:
    return {name: read(item) for name, item in value.items()} if isinstance(value, dict) else value


def _object(value: Any, read: Callable[[Any], Any]) -> Any:
    return read(value) if isinstance(value, dict) else value


def _to_json(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _to_json(item) for name, item in value.items()}
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()

ORDER_PLACED_SCHEMA_HASH = "11493c5ac9987d66b454155af55b848bc2c80ae66f6efb53634ec89ec70f8883"
