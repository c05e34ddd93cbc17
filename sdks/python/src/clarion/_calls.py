"""One call in three forms: at once, awaited, and once for each page of a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from ._policy import Page

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def each_of(
    list_: Callable[Concatenate[S, P], Page[T]],
) -> Callable[Concatenate[S, P], Iterator[T]]:
    """Goes through all pages of a list."""

    @wraps(list_)
    def each(self: Any, *ids: Any, **values: Any) -> Any:
        return self._core.each(partial(cast("Callable[..., Any]", list_), self, *ids), values)

    return cast("Callable[Concatenate[S, P], Iterator[T]]", each)


def awaited(
    call: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """The same call below a core that is awaited: its result is that core's."""
    return cast("Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]", call)


def iterated(
    call: Callable[Concatenate[S, P], Iterator[T]],
) -> Callable[Concatenate[Any, P], AsyncIterator[T]]:
    """As awaited, of a call that goes through pages."""
    return cast("Callable[Concatenate[Any, P], AsyncIterator[T]]", call)
