"""What all payloads share: unknown keys are kept, odd optional values are dropped, and times are told apart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# WhatsApp began in 2009; an earlier time, or one far ahead, would win or lose every comparison for ever.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
MILLISECONDS = 1e11
Path = tuple[int | str, ...]
# Ids, numbers and kinds. What is longer is none of them, and no index would take it.
Short = Annotated[str, Field(max_length=255)]


class Payload(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)

    def other(self, key: str | None) -> Any:
        """A key that the model does not name, such as the part of a message that is named like its type."""
        return (self.model_extra or {}).get(key) if key else None


Model = TypeVar("Model", bound=Payload)


MOST_ODD = 1000


class TooOdd(ValueError):
    """More parts of the event make no sense than it is worth to look at one by one."""


def read(model: type[Model], value: Any, dropped: list[str]) -> Model:
    """Validate `value` and drop invalid parts that may be missing: optional fields and list elements.

    The path of each part that is dropped is added to `dropped`. Raises ValidationError if an invalid part is required
    and lies in no such part; raises TooOdd if there are more than MOST_ODD errors.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if error.error_count() > MOST_ODD:
            raise TooOdd(f"more than {MOST_ODD} of its parts make no sense") from None
        odd = {path for one in error.errors(include_url=False) if (path := _optional_part(model, one["loc"]))}
        if not odd:
            raise
    found = model.model_validate(_without(value, odd))
    dropped += sorted({".".join(step for step in path if isinstance(step, str)) for path in odd})
    return found


def _optional_part(model: type[Payload], path: Path) -> Path | None:
    """The smallest part around `path` that may be missing: an optional field, or an element of a list."""
    found: Path | None = None
    at: type[Payload] | None = model
    for place, step in enumerate(path):
        if isinstance(step, int):
            found = path[: place + 1]
        elif at is not None:
            field = next((one for name, one in at.model_fields.items() if step in (name, one.alias)), None)
            if field is None:
                break
            if not field.is_required():
                found = path[: place + 1]
            at = next(_models(field.annotation), None)
    return found


def _models(annotation: Any) -> Iterator[type[Payload]]:
    if isinstance(annotation, type) and issubclass(annotation, Payload):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _without(value: Any, paths: set[Path], here: Path = ()) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, paths, (*here, key)) for key, one in value.items() if (*here, key) not in paths}
    if isinstance(value, list):
        left = ((place, one) for place, one in enumerate(value) if (*here, place) not in paths)
        return [_without(one, paths, (*here, place)) for place, one in left]
    return value


def unix_time(value: Any, latest: datetime) -> datetime | None:
    """Read seconds since 1970 (beyond any year, milliseconds), given as text or number.

    Returns None for no time, or one not within reason.
    """
    try:
        seconds = float(value)
        whole = datetime.fromtimestamp(int(seconds / 1000 if seconds > MILLISECONDS else seconds), UTC)
        return _within_reason(whole, latest)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def iso_time(value: Any, latest: datetime) -> datetime | None:
    """Read ISO 8601 with Z or an offset (without either: UTC). Returns None for no time, or one not within reason."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    try:
        at = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        return None
    return _within_reason(at, latest)


def _within_reason(at: datetime, latest: datetime) -> datetime | None:
    return at if EARLIEST <= at <= latest else None
