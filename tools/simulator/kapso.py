"""How Kapso treats its webhooks: when it gives a delivery up, when it pauses a webhook for good, and its log."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tools.simulator.payloads import iso

LOGGED = 50_000
# Kapso pauses a webhook if, within 15 minutes, 20 or more deliveries ended, 10 or more failed, and 85 % or more failed.
FEWEST, FEWEST_FAILED, SHARE_FAILED = 20, 10, 0.85
PAUSE_WINDOW_SECONDS = 900


@dataclass
class Webhooks:
    """One subscription for our number and one for the project, both to the same URL; and the log of deliveries."""

    url: str
    secret: str
    phone_number_id: str
    pauses: bool = False
    clock: Callable[[], float] = time.time
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOGGED))
    configured: dict[str, dict[str, Any]] = field(default_factory=dict)
    _recent: deque[tuple[float, bool]] = field(default_factory=deque)

    @property
    def paused(self) -> bool:
        return any(not webhook["active"] for webhook in self.configured.values())

    def configure(self, phone_number_id: str | None, settings: dict[str, Any]) -> dict[str, Any]:
        webhook = {"id": str(uuid4()), "active": True, "kind": "kapso", "phone_number_id": phone_number_id, **settings}
        self.configured[webhook["id"]] = webhook
        return webhook

    def ended(self, event: str | None, *, delivered: bool, created_at: float, attempts: int) -> None:
        """A delivery came to its end: into the log, and maybe it was one failure too many."""
        now = self.clock()
        self.log.appendleft(
            {
                "id": str(uuid4()), "event": event, "status": "delivered" if delivered else "failed",
                "created_at": iso(created_at), "last_attempt_at": iso(now), "attempt_count": attempts,
                "webhook_url": self.url, "phone_number_id": self.phone_number_id,
            }
        )  # fmt: skip
        self._recent.append((now, delivered))
        while self._recent and self._recent[0][0] < now - PAUSE_WINDOW_SECONDS:
            self._recent.popleft()
        failed = sum(not ok for _, ok in self._recent)
        if (
            self.pauses
            and len(self._recent) >= FEWEST
            and failed >= max(FEWEST_FAILED, SHARE_FAILED * len(self._recent))
        ):
            for webhook in self.configured.values():
                webhook["active"] = False

    def resume(self) -> None:
        self._recent.clear()
