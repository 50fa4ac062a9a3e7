"""Fold rows to one per key, sorted by key: the same rules as the upserts, so that a batch merges like its events."""

from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from domain.types import MERGES, Merge

Row = TypeVar("Row", bound=NamedTuple)
Key = TypeVar("Key", bound=Any)


def fold(rows: Iterable[Row]) -> list[Row]:
    """One row per key, in the order of the keys (which is the order of locks). All rows are of one kind of MERGES."""
    folded: dict[Any, Row] = {}
    merger: Callable[[Row, Row], Row] | None = None
    key_of: Callable[[Row], Any] | None = None
    for row in rows:
        if key_of is None:
            merge = MERGES[type(row)]
            key_of, merger = _key_of(type(row), merge), _merger(type(row), merge)
        key = key_of(row)
        seen = folded.get(key)
        folded[key] = row if seen is None or merger is None else merger(seen, row)
    return [folded[key] for key in in_order(folded)]


def in_order(keys: Collection[Key]) -> list[Key]:
    """As Postgres orders them. UUIDs by their numbers: two UUIDs are compared by Python code, two numbers are not."""
    return sorted(keys, key=attrgetter("int") if isinstance(next(iter(keys), None), UUID) else None)


def _key_of(row_type: type[Row], merge: Merge) -> Callable[[Row], Any]:
    places = [_place(row_type, name) for name in merge.key]
    if len(places) == 1:
        (place,) = places
        return lambda row: row[place]
    return lambda row: tuple(row[place] for place in places)


def _merger(row_type: type[Row], merge: Merge) -> Callable[[Row, Row], Row]:
    least = [_place(row_type, name) for name in merge.least]
    greatest = [_place(row_type, name) for name in merge.greatest]
    newest = [
        ([_place(row_type, name) for name in version], [_place(row_type, name) for name in version + along])
        for version, along in merge.newest
    ]

    def merged(one: Row, other: Row) -> Row:
        values = list(one)
        for place in least:
            values[place] = _pick(min, one[place], other[place])
        for place in greatest:
            values[place] = _pick(max, one[place], other[place])
        for version, columns in newest:
            if _is_newer(other, one, version):
                for place in columns:
                    values[place] = other[place]
        return row_type(*values)

    return merged


def _place(row_type: type[Row], column: str) -> int:
    return list(row_type._fields).index(column)


def _pick(choose: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one if other is None else other
    return choose(one, other)


def _is_newer(row: Any, than: Any, version: list[int]) -> bool:
    if row[version[0]] is None:
        return False
    if than[version[0]] is None:
        return True
    return [row[place] for place in version] > [than[place] for place in version]
