"""What all payloads share: unknown keys are kept, every key but the ids is optional, and times are told apart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

# WhatsApp began in 2009; an earlier time, or one far ahead, would win or lose every comparison for ever.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)


class Payload(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)

    def other(self, key: str | None) -> Any:
        """A key that the model does not name, such as the part of a message that is named like its type."""
        return (self.model_extra or {}).get(key) if key else None


def unix_time(value: Any, received_at: datetime) -> datetime | None:
    """Seconds since 1970, as text or number; None where that is no time, or one outside reason."""
    try:
        return _within_reason(datetime.fromtimestamp(int(value), UTC), received_at)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def iso_time(value: Any, received_at: datetime) -> datetime | None:
    """ISO 8601 with Z or an offset (without either, UTC); None where that is no time, or one outside reason."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    try:
        at = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        return None
    return _within_reason(at, received_at)


def _within_reason(at: datetime, received_at: datetime) -> datetime | None:
    return at if EARLIEST <= at <= received_at + AHEAD else None
