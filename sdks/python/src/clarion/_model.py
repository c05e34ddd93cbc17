"""The base of the generated dataclasses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        return lambda each: each


M = TypeVar("M", bound="Model")

_KEYWORDS = frozenset("from import in is as class global pass del with extra".split())


@lru_cache(maxsize=10_000)
def snake(name: str) -> str:
    """`nextAttemptAt` becomes `next_attempt_at`; keywords and `extra` get a `_`."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("-", "_").lower()
    return f"{text}_" if text in _KEYWORDS else text


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class _Frozen:
    """Makes each class below it a frozen dataclass."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


class Model(_Frozen):
    """An answer. A field that the platform did not send is None; unknown ones are in `extra`."""

    #: By attribute: the shape of a model in it, or nothing.
    _shapes: ClassVar[dict[str, str]]

    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls: type[M], data: Mapping[str, Any]) -> M:
        shapes = cls.__dict__.get("_shapes") or _read_shapes(cls)
        values: dict[str, Any] = dict.fromkeys(shapes)
        extra: dict[str, Any] = {}
        for name, value in data.items():
            attribute = snake(name)
            shape = shapes.get(attribute)
            if shape is None:
                extra[name] = value
            else:
                values[attribute] = shaped(shape, value) if shape else value
        values["extra"] = extra
        made = cls.__new__(cls)
        made.__dict__.update(values)
        return made


def _read_shapes(cls: type[Model]) -> dict[str, str]:
    """From the annotations, which are texts: `list[ReplayItem]` is `[ReplayItem`."""
    classes = cls.__mro__[: cls.__mro__.index(Model)]
    annotations = {
        name: text for each in reversed(classes) for name, text in each.__annotations__.items()
    }
    shapes = {name: _shape_of(str(text)) for name, text in annotations.items()}
    cls._shapes = shapes
    return shapes


def _shape_of(annotation: str) -> str:
    text = annotation.removesuffix(" | None")
    found = re.fullmatch(r"((?:list\[|dict\[str, )*)([A-Z]\w*)\]*", text)
    if found is None or found[2] == "Any":
        return ""
    return found[1].replace("list[", "[").replace("dict[str, ", "{") + found[2]


def shaped(shape: str, value: Any) -> Any:
    """The value as the model that `shape` names: `Name`, `[Name` (a list), `{Name` (a map)."""
    from . import models

    if value is None or not shape:
        return value
    if shape[0] == "[":
        return [shaped(shape[1:], each) for each in value] if isinstance(value, list) else value
    if shape[0] == "{":
        if not isinstance(value, Mapping):
            return value
        return {name: shaped(shape[1:], each) for name, each in value.items()}
    kind = getattr(models, shape)
    return kind.from_json(value) if isinstance(value, Mapping) else value
