"""The simulated Kapso behaves as the real one is said to."""

from tests.helpers import payload
from tests.servers import NUMBER
from tools.simulator.kapso import Webhooks
from tools.simulator.town import Event
from tools.simulator.world import World

URL = "https://mirror.invalid/webhooks/kapso"


def test_kapso_pauses_a_webhook_that_mostly_fails() -> None:
    webhooks = Webhooks(URL, "secret", NUMBER, pauses=True)
    webhooks.configure(NUMBER, {"url": URL})
    for n in range(40):
        webhooks.ended("x", delivered=n % 5 == 0, created_at=0, attempts=1)
    assert not webhooks.paused
    for _ in range(60):
        webhooks.ended("x", delivered=False, created_at=0, attempts=1)
    assert webhooks.paused


def test_the_world_shows_only_the_statuses_that_have_come() -> None:
    now = 1_790_000_000
    world = World(NUMBER, clock=lambda: now)
    body = payload("sent_text")["body"]
    for verb, at in (("sent", now - 5), ("delivered", now), ("read", now + 5)):
        message = body["message"] | {"timestamp": str(at), "kapso": body["message"]["kapso"] | {"statuses": []}}
        session = {"id": "7", "updated_at": "2026-09-21T12:00:00Z"}
        world.learn(Event(f"whatsapp.message.{verb}", "v2", {"message": message, "conversation": session}))
    (shown,) = world.all_messages()
    assert shown["kapso"]["status"] == "delivered"
