"""JSON in both directions, with numbers kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar, Union


class RawJson:
    """JSON text that is sent as it is."""

    __slots__ = ("text",)

    def __init__(self, text: str | bytes) -> None:
        self.text = text.decode("utf-8") if isinstance(text, bytes) else text
        json.loads(self.text)
        self.text.encode("utf-8")


class NotGiven:
    """The default of a parameter that is left out; None is sent as null."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN = NotGiven()
T = TypeVar("T")
#: A parameter that may be left out.
Opt = Union[T, NotGiven]  # noqa: UP007  (a generic alias)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not NOT_GIVEN}


def encode(value: Any) -> bytes:
    """UTF-8. Decimal keeps its digits; NaN and infinities raise ValueError."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError:
        text = _encode(value)
    return text.encode("utf-8")


def _encode(value: Any) -> str:
    if isinstance(value, RawJson):
        return value.text
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("NaN and infinity are no JSON numbers")
        return str(value)
    if isinstance(value, Mapping):
        members = (
            f"{json.dumps(str(name), ensure_ascii=False)}:{_encode(each)}"
            for name, each in value.items()
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "[" + ",".join(_encode(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def decode(text: str, exact: bool) -> Any:
    """`exact`: numbers with a fraction become Decimal."""
    return json.loads(text, parse_float=Decimal) if exact else json.loads(text)
