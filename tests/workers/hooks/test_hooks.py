"""Notifications: sent with the change, signed, in order, retried, and to public addresses only."""

import asyncio
import contextlib
import json
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from redis.asyncio import Redis
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.handoff import ContextPacket
from domain.hooks import EVENTS, PAUSES, secret, secrets, sentence
from domain.lead import Source
from domain.next_step import SuggestedStep
from domain.retries import pause
from store.crm.handoffs import PostgresCRMClient
from store.hooks import hooks, notifications
from store.hooks.hooks import Hook, HookRefused
from store.leads import leads, next_steps
from store.leads.leads import Actor
from store.mirror import merges
from store.ops import alarms
from store.postgres import Pool, statement
from tests.chats import NUMBER, chat, extracted, lead
from tests.cli.test_console import inside
from tests.desk import signed_in
from tests.helpers import rows, served, until
from tests.workers.processes import worker
from workers.hooks.channels import Channel, EmailChannel, SlackChannel, WebhookChannel
from workers.hooks.sender import HookSender

KEY = b"k" * 32
MOVED = (
    "INSERT INTO lead_changes (lead_id, field, new, source, actor) VALUES ($1, 'status', '\"qualified\"', 'human', 'x')"
)
BUDI = Actor(Source.HUMAN, "user:budi")
Answer = Callable[[int], Response]


class Receiver:
    """What it got: headers and body each; `answer` says what it answers to the n-th request."""

    def __init__(self, answer: Answer = lambda _: Response()) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.at: list[float] = []
        self._answer = answer

    async def take(self, request: Request) -> Response:
        self.at.append(time.time())
        self.got.append((dict(request.headers), await request.body()))
        return self._answer(len(self.got))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        async with served(Starlette(routes=[Route("/{path:path}", self.take, methods=["GET", "POST"])])) as url:
            yield f"{url}/hook"


def no_link(_: object) -> None:
    return None


def sender(pool: Pool, **channels: Channel) -> HookSender:
    usual: dict[str, Channel] = {"webhook": WebhookChannel(KEY, private=True, link=no_link)}
    return HookSender(pool, usual | channels)


async def due_now(pool: Pool) -> None:
    await pool.execute("UPDATE notifications SET next_try_at = now() WHERE state = 'waiting'")


async def added(pool: Pool, url: str, *events: str, name: str = "crm") -> Hook:
    return await hooks.add(pool, name, "webhook", url, events or EVENTS, by="test")


async def test_sender_sends_each_kind_of_change_once_with_the_current_lead(pool: Pool) -> None:
    receiver = Receiver()
    async with receiver.served() as url:
        hook = await added(pool, url)
        await chat(pool, "saya Rina dari Bandung, usaha laundry", "berapa harganya?")
        await extracted(pool)
        id = (await lead(pool))["id"]
        await leads.set_status(pool, id, "contacted", by=BUDI)
        await PostgresCRMClient(pool).create_lead(
            ContextPacket(
                session_id="s",
                lead_level="hot",
                handoff_reason="hot_lead",
                visitor_phone=f"+{NUMBER}",
                conversation_summary="Minta telepon.",
            )
        )
        step = await next_steps.propose(pool, id, SuggestedStep("REPLY", {"text": "Halo"}), by=BUDI)
        assert step is not None
        await next_steps.approve(pool, step, by=BUDI)
        await alarms.sound(pool, "api key", "make another key")
        await alarms.sound(pool, "api key", "make another key")
        await alarms.clear(pool, "api key")
        await pool.execute("UPDATE lead_records SET lead_temperature = 'hot' WHERE id = $1", id)
        await pool.execute(
            "INSERT INTO lead_changes (lead_id, field, old, new, source, actor) VALUES ($1, 'lead_temperature', '\"warm\"', '\"hot\"', 'ai', 'rules')",
            id,
        )
        await sender(pool).tick()
    kinds = Counter(body["type"] for body in receiver.bodies)
    assert set(kinds) == set(EVENTS)
    assert (
        kinds["lead.created"],
        kinds["handoff.created"],
        kinds["suggestion.decided"],
        kinds["alarm.began"],
        kinds["alarm.ended"],
    ) == (1, 1, 1, 1, 1)
    first = next(body for body in receiver.bodies if body["type"] == "lead.created")
    assert (first["data"]["lead"]["name"], first["data"]["lead"]["city"], first["data"]["lead"]["id"]) == (
        "Rina",
        "Bandung",
        str(id),
    )
    told = next(body for body in receiver.bodies if body["type"] == "handoff.created")
    assert told["data"]["handoff"]["conversation_summary"] == "Minta telepon."
    # Every message is signed: the convention's own library says so, for the secret of this hook alone.
    ids = set()
    for headers, body in receiver.got:
        Webhook(secret(KEY, hook.id, 1)).verify(body.decode(), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret(KEY, uuid4(), 1)).verify(body.decode(), headers)
        ids.add(headers["webhook-id"])
    assert len(ids) == len(receiver.got)
    # The stored rows hold nothing of the person.
    assert not any("Rina" in str(row) or "6281" in str(row["data"]) for row in await rows(pool, "notifications"))


async def test_triggers_insert_nothing_after_a_rollback_or_without_hooks(pool: Pool) -> None:
    await chat(pool, "halo")
    assert await rows(pool, "notifications") == []
    await added(pool, "https://example.com/hook")
    id = (await lead(pool))["id"]
    async with pool.acquire() as connection:
        with contextlib.suppress(ZeroDivisionError):
            async with connection.transaction():
                await connection.execute(MOVED, id)
                assert await connection.fetchval("SELECT count(*) FROM notifications") == 1
                raise ZeroDivisionError
    assert await rows(pool, "notifications") == []


async def test_sender_retries_for_a_day_then_marks_as_dead_until_a_replay(pool: Pool) -> None:
    answers = [Response(status_code=500), RedirectResponse("http://127.0.0.1:1/"), Response(status_code=404)]
    receiver = Receiver(lambda n: answers[min(n - 1, 2)] if n <= 1 + len(PAUSES) else Response(status_code=204))
    async with receiver.served() as url:
        await added(pool, url)
        assert await hooks.test(pool, "crm")
        send = sender(pool)
        for attempt in range(1 + len(PAUSES)):
            await send.tick()
            (row,) = await rows(pool, "notifications")
            assert row["attempts"] == attempt + 1
            await due_now(pool)
        assert (row["state"], row["error"]) == ("dead", "responded with 404")
        await send.tick()
        assert len(receiver.got) == 1 + len(PAUSES)
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        (seen,) = await hooks.dead(pool, "crm")
        assert (seen["event"], seen["error"]) == ("hook.test", "responded with 404")
        assert await hooks.replay(pool, "crm") == 1
        await send.tick()
        assert [row["state"] for row in await rows(pool, "notifications")] == ["sent"]


def test_pause_grows_to_a_day_and_has_jitter() -> None:
    told = [pause(PAUSES, n, 0.5) for n in range(1, len(PAUSES) + 2)]
    assert told == [*PAUSES, None]
    assert 22 * 3600 < sum(PAUSES) < 26 * 3600
    assert {pause(PAUSES, 3, 0.0), pause(PAUSES, 3, 1.0)} == {96.0, 144.0}


async def test_sender_keeps_the_order_of_a_lead_while_it_sends_others(pool: Pool) -> None:
    receiver = Receiver(lambda n: Response(status_code=500 if n == 1 else 200))
    await chat(pool, "halo", number="6281200000011")
    await chat(pool, "halo", number="6281200000002")
    one, other = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY phone")]
    async with receiver.served() as url:
        await added(pool, url, "lead.status_changed")
        for id, status in ((one, "qualified"), (other, "qualified"), (one, "contacted"), (one, "converted")):
            await leads.set_status(pool, id, status, by=BUDI)
        send = sender(pool)
        await send.tick()
        assert Counter(body["data"]["lead"]["id"] for body in receiver.bodies) == {str(one): 1, str(other): 1}
        await due_now(pool)
        await send.tick()
    told = [body["data"]["to"] for body in receiver.bodies if body["data"]["lead"]["id"] == str(one)]
    assert told == ["qualified", "qualified", "contacted", "converted"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://10.0.0.1/",
    ],
)
async def test_webhook_channel_refuses_private_addresses_and_http_unless_allowed(url: str, pool: Pool) -> None:
    channel = WebhookChannel(KEY, private=False, link=no_link)
    await added(pool, url)
    await hooks.test(pool, "crm")
    await HookSender(pool, {"webhook": channel}).tick()
    (row,) = await rows(pool, "notifications")
    assert (row["state"], "HOOKS_PRIVATE" in row["error"]) == ("waiting", True)


async def test_sender_serves_other_hooks_while_a_receiver_hangs_or_is_down(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.hooks.channels.TIMEOUT", httpx.Timeout(0.5))
    gate = asyncio.Event()

    async def hang(request: Request) -> Response:
        await gate.wait()
        return Response()

    receiver = Receiver()
    async with receiver.served() as url, served(Starlette(routes=[Route("/", hang, methods=["POST"])])) as slow:
        await added(pool, f"{slow}/", "alarm.began", name="slow")
        await added(pool, "http://127.0.0.1:1/", "alarm.began", name="away")
        await added(pool, url, "alarm.began", name="well")
        await alarms.sound(pool, "api key", "make another key")
        await sender(pool).tick()
        gate.set()
    found = {row["name"]: (row["waiting"], row["error"]) for row in await hooks.every(pool)}
    assert found["well"] == (0, None)
    assert (found["slow"][0], found["away"][0]) == (1, 1)
    assert "no response" in found["slow"][1]


async def test_webhook_channel_signs_with_both_secrets_for_a_day_after_a_rotation(pool: Pool) -> None:
    receiver = Receiver()
    async with receiver.served() as url:
        hook = await added(pool, url)
        rotated = await hooks.rotate(pool, "crm")
        assert rotated is not None
        await hooks.test(pool, "crm")
        await sender(pool).tick()
    ((headers, body),) = receiver.got
    for generation in (1, 2):
        Webhook(secret(KEY, hook.id, generation)).verify(body.decode(), headers)
    now = datetime.now(UTC)
    assert len(secrets(KEY, hook.id, 2, now - timedelta(hours=25), now)) == 1
    assert await hooks.rotate(pool, "nobody") is None


async def test_sender_keeps_the_notifications_of_a_paused_hook(pool: Pool) -> None:
    receiver = Receiver()
    async with receiver.served() as url:
        await added(pool, url, "alarm.began")
        assert await hooks.pause(pool, "crm", paused=True)
        await alarms.sound(pool, "api key", "make another key")
        send = sender(pool)
        await send.tick()
        assert receiver.got == []
        await hooks.pause(pool, "crm", paused=False)
        await send.tick()
        assert len(receiver.got) == 1
        assert not await hooks.pause(pool, "nobody", paused=True)


async def test_add_refuses_a_hook_without_a_valid_name_target_or_event(pool: Pool) -> None:
    for name, kind, target, events in (
        ("crm", "webhook", "ftp://x/", ["alarm.began"]), ("crm", "webhook", None, ["alarm.began"]),
        ("crm", "email", "nobody", ["alarm.began"]), ("crm", "slack", None, []), ("crm", "slack", None, ["everything"]),
        ("Crm!", "slack", None, ["alarm.began"]),
    ):  # fmt: skip
        with pytest.raises(HookRefused):
            await hooks.add(pool, name, kind, target, events, by="test")
    await hooks.add(pool, "crm", "slack", None, ["alarm.began"], by="test")
    with pytest.raises(HookRefused, match="exists"):
        await hooks.add(pool, "crm", "slack", None, ["alarm.began"], by="test")


async def test_slack_channel_sends_a_sentence_summary_and_link_with_escaped_text(pool: Pool) -> None:
    receiver = Receiver()
    await chat(pool, "saya Rina dari Bandung, usaha laundry")
    await extracted(pool)
    await pool.execute("UPDATE lead_records SET name = '<!channel> Rina & co'")
    async with receiver.served() as url:
        await hooks.add(pool, "sales", "slack", None, ["handoff.created"], by="test")
        packet = ContextPacket(
            session_id="s",
            lead_level="hot",
            handoff_reason="explicit_request",
            visitor_phone=f"+{NUMBER}",
            conversation_summary="Minta <b>telepon</b>.",
        )
        await PostgresCRMClient(pool).create_lead(packet)
        channel = SlackChannel(
            url, lambda one: f"https://desk.example/?lead={one.data['lead']['id']}" if "lead" in one.data else None
        )
        await sender(pool, slack=channel).tick()
    ((_, body),) = receiver.got
    text = json.loads(body)["text"]
    assert "&lt;!channel&gt; Rina &amp; co" in text
    assert "Minta &lt;b&gt;telepon&lt;/b&gt;." in text
    assert "explicit request" in text
    assert text.splitlines()[-1].startswith("https://desk.example/?lead=")


class Mailbox:
    def __init__(self) -> None:
        self.got: list[Message] = []
        self.passwords: list[object] = []
        self.refuse = False

    def authenticate(self, *given: object) -> AuthResult:
        self.passwords.append(given[-1])
        return AuthResult(success=True)

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        if self.refuse:
            return "451 later"
        self.got.append(message_from_bytes(envelope.content))
        return "250 taken"


@contextmanager
def smtp_server(tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, Mailbox]]:
    """A real one, on a port of its own, which takes every password."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0, ssl_context=tls, authenticator=box.authenticate,
                            auth_require_tls=False)  # fmt: skip
    controller.port = _free_port()
    controller.start()
    try:
        yield f"{'smtps' if tls else 'smtp'}://127.0.0.1:{controller.port}", box
    finally:
        controller.stop()


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Of a server at 127.0.0.1, signed by nobody but itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_email_channel_sends_through_a_real_server_and_retries_after_a_refusal(pool: Pool) -> None:
    with smtp_server() as (url, box):
        await hooks.add(pool, "night", "email", "night@example.com", ["alarm.began"], by="test")
        send = sender(pool, email=EmailChannel(url, "mirror@example.com", no_link))
        box.refuse = True
        await alarms.sound(pool, "api key", "make another key\nBcc: all@example.com")
        await send.tick()
        (row,) = await rows(pool, "notifications")
        assert (row["state"], "SMTP" in row["error"]) == ("waiting", True)
        box.refuse = False
        await due_now(pool)
        await send.tick()
    (got,) = box.got
    assert (got["To"], got["From"], got["Bcc"]) == ("night@example.com", "mirror@example.com", None)
    assert got["Subject"].startswith("Alarm: make another key")


@pytest.mark.parametrize(
    ("kind", "target"),
    [("webhook", "https://crm..example.com/"), ("webhook", f"https://{'a' * 64}.example.com/"),
     ("email", "night@exa\nmple.com")],
)  # fmt: skip
async def test_sender_counts_every_failure_of_whatever_kind(kind: str, target: str, pool: Pool) -> None:
    with smtp_server() as (url, _):
        id = await pool.fetchval(
            "INSERT INTO hooks (name, kind, target, events, created_by) VALUES ('odd', $1, $2, '{hook.test}', 'test') RETURNING id",
            kind, target,
        )  # fmt: skip
        assert id
        assert await hooks.test(pool, "odd")
        await sender(pool, email=EmailChannel(url, "mirror@example.com", no_link)).tick()
    (row,) = await rows(pool, "notifications")
    assert (row["state"], row["attempts"], bool(row["error"])) == ("waiting", 1, True)


async def test_add_refuses_an_address_with_a_space_or_line_break(pool: Pool) -> None:
    for target in ("night@example.com\nBcc: all@example.com", "a b@example.com", "@", "night@"):
        with pytest.raises(HookRefused):
            await hooks.add(pool, "night", "email", target, ["alarm.began"], by="test")


async def test_email_channel_sends_a_password_only_over_tls_with_a_valid_certificate(
    pool: Pool, tmp_path: Path
) -> None:
    """An unencrypted connection, or a server with a false certificate, would give the password away."""
    with smtp_server() as (plain, box), smtp_server(own_certificate(tmp_path)) as (selfsigned, _):
        await hooks.add(pool, "night", "email", "night@example.com", ["alarm.began"], by="test")
        for url, words in (
            (plain.replace("//", "//user:pw@"), "TLS"),
            (selfsigned.replace("//", "//user:pw@"), "certificate"),
        ):
            await hooks.test(pool, "night")
            await sender(pool, email=EmailChannel(url, "mirror@example.com", no_link)).tick()
            row = (await rows(pool, "notifications"))[-1]
            assert words in row["error"], row["error"]
            await pool.execute("DELETE FROM notifications")
    assert (box.got, box.passwords) == ([], [])


async def test_claim_finds_its_way_through_many_that_wait(pool: Pool) -> None:
    one = await added(pool, "https://example.com/")
    await pool.execute("INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, 5000)")
    await pool.execute("INSERT INTO lead_records (contact_id) SELECT id FROM contacts ON CONFLICT DO NOTHING")
    await pool.execute("DELETE FROM notifications")
    for name in ("lead_id, data) SELECT $1, 'lead.created', id, '{}' FROM lead_records",
                 "data) SELECT $1, 'alarm.began', jsonb_build_object('name', n) FROM generate_series(1, 5000) AS s (n)"):  # fmt: skip
        await pool.execute(f"INSERT INTO notifications (hook_id, event, {name}", one.id)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '1s'")  # all pairs take ten
        found = await connection.fetch(statement("claim_notifications"), 10_000, timedelta(seconds=30))
    assert len(found) == 10_000


async def test_claim_returns_the_notifications_of_a_dead_worker_after_the_lease(pool: Pool) -> None:
    await added(pool, "https://example.com/")
    await hooks.test(pool, "crm")
    assert len(await notifications.claim(pool)) == 1
    assert await notifications.claim(pool) == []
    await due_now(pool)
    (again,) = await notifications.claim(pool)
    assert again.attempts == 2
    await notifications.sent(pool, again.id)
    await notifications.prune(pool, datetime.now(UTC) + timedelta(seconds=1), datetime.now(UTC))
    assert await rows(pool, "notifications") == []


async def test_sender_names_the_missing_setting_of_a_kind(pool: Pool) -> None:
    await hooks.add(pool, "sales", "slack", None, ["alarm.began"], by="test")
    await hooks.test(pool, "sales")
    await sender(pool).tick()
    (row,) = await hooks.every(pool)
    assert row["error"] == "SLACK_WEBHOOK_URL is not set"


async def test_worker_sends_within_two_seconds_and_loses_nothing_when_killed(
    pool: Pool, redis: Redis, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKS_KEY", KEY.decode())
    monkeypatch.setenv("HOOKS_PRIVATE", "true")
    monkeypatch.setenv("PUBLIC_URL", "https://desk.example")
    receiver = Receiver()
    await chat(pool, "halo")
    id: UUID = (await lead(pool))["id"]
    async with receiver.served() as url:
        await added(pool, url, "lead.status_changed")
        async with worker(database_url, redis_url) as process:
            await leads.set_status(pool, id, "qualified", by=BUDI)
            await until(lambda: _got(receiver, 1))
            begun = time.time()
            await leads.set_status(pool, id, "contacted", by=BUDI)
            await until(lambda: _got(receiver, 2))
            assert receiver.at[1] - begun < 5
            await process.end(signal.SIGKILL)
            for status in ("qualified", "contacted", "converted"):
                await leads.set_status(pool, id, status, by=BUDI)
        async with worker(database_url, redis_url):
            # What the killed one had claimed is free after its lease.
            await until(lambda: _moved(receiver, "converted"), seconds=90)
    # A delivery that arrived just before the kill arrives again, with the same id.
    once = {headers["webhook-id"]: json.loads(body)["data"]["to"] for headers, body in receiver.got}
    assert list(once.values()) == ["qualified", "contacted", "qualified", "contacted", "converted"]
    assert receiver.bodies[0]["data"]["url"] == f"https://desk.example/?lead={id}"


async def _got(receiver: Receiver, count: int) -> bool:
    return len(receiver.got) >= count


async def _moved(receiver: Receiver, status: str) -> bool:
    return [body["data"]["to"] for body in receiver.bodies][-1:] == [status]


async def test_console_adds_tests_and_removes_a_hook(
    pool: Pool,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    code, _, told = await inside(
        capsys, "hooks", "add", "crm", "--url", "https://example.com/", "--event", "alarm.began"
    )
    assert (code, "HOOKS_KEY is not set" in told) == (2, True)
    monkeypatch.setenv("HOOKS_KEY", KEY.decode())
    code, out, _ = await inside(
        capsys, "hooks", "add", "crm", "--url", "https://example.com/", "--event", "alarm.began"
    )
    assert (code, out.startswith("whsec_")) == (0, True)
    assert (await inside(capsys, "hooks", "secret", "crm"))[1] == out
    code, rotated, _ = await inside(capsys, "hooks", "rotate", "crm", "--json")
    assert (code, json.loads(rotated)["secret"] != out.strip()) == (0, True)
    assert (await inside(capsys, "hooks", "test", "crm"))[0] == 0
    code, out, _ = await inside(capsys, "hooks", "list")
    assert (code, "1 waiting, 0 dead  https://example.com/" in out, "alarm.began" in out) == (0, True, True)
    assert "no dead notifications" in (await inside(capsys, "hooks", "dead", "crm"))[1]
    for action in ("pause", "resume", "replay", "remove"):
        assert (await inside(capsys, "hooks", action, "crm"))[0] == 0, action
    code, _, told = await inside(capsys, "hooks", "test", "crm")
    assert (code, "No hook is named crm" in told) == (1, True)
    assert "no hooks yet" in (await inside(capsys, "hooks", "list"))[1]


async def test_page_adds_and_pauses_a_hook_for_admins_only(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "admin", hooks_key=SecretStr(KEY.decode())) as http:
        given = {
            "name": "crm",
            "kind": "webhook",
            "target": "https://example.com/<hook>",
            "event-handoff.created": "on",
        }
        page = (await http.post("/ops/hooks", data=given)).text
        assert ("whsec_" in page, "https://example.com/&lt;hook&gt;" in page) == (True, True)
        assert (await http.post("/ops/hooks", data=given)).status_code == 422
        for action in ("test", "pause", "resume", "replay"):
            assert (await http.post(f"/ops/hooks/crm/{action}")).status_code == 303
        assert "whsec_" in (await http.post("/ops/hooks/crm/rotate")).text
        assert "whsec_" not in (await http.get("/ops/hooks")).text
        await http.post("/ops/hooks/crm/remove")
        assert await rows(pool, "hooks") == []


async def test_page_is_forbidden_for_an_operator(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "operator") as http:
        assert (await http.get("/ops/hooks")).status_code == 403


def test_sentence_names_the_person_and_the_change() -> None:
    rina = {"lead": {"name": "Rina", "business_type": "laundry", "city": "Bandung", "score": 80}}
    assert sentence("lead.created", rina) == "New lead: Rina (laundry, Bandung)"
    assert sentence("lead.became_hot", rina) == "Rina (laundry, Bandung) became hot, with a score of 80"
    assert sentence("lead.status_changed", {"from": "new", "to": "qualified"}) == "Somebody: new → qualified"
    for event in (*EVENTS, "hook.test"):
        assert "None" not in sentence(
            event, {"what": "x", "name": "x", "status": "APPROVED", "from": "a", "to": "b", **rina}
        )


async def test_the_end_of_an_alarm_waits_for_its_beginning_and_for_no_other(pool: Pool) -> None:
    await hooks.add(pool, "night", "slack", None, ["alarm.began", "alarm.ended"], by="test")
    await alarms.sound(pool, "api key", "make another key")
    (began,) = await notifications.claim(pool)
    await alarms.clear(pool, "api key")
    await alarms.sound(pool, "webhooks", "resume it")
    assert [(one.event, one.data["name"]) for one in await notifications.claim(pool)] == [("alarm.began", "webhooks")]
    await notifications.sent(pool, began.id)
    assert [(one.event, one.data["name"]) for one in await notifications.claim(pool)] == [("alarm.ended", "api key")]


async def test_a_merge_that_leaves_the_status_reports_none(pool: Pool) -> None:
    for place, number in enumerate((NUMBER, "6281111111111")):
        await chat(pool, "halo", number=number, at=place)
    one, other = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY created_at, id")]
    await leads.set_status(pool, other, "contacted", by=BUDI)
    await leads.set_status(pool, one, "qualified", by=BUDI)
    await hooks.add(pool, "crm", "slack", None, ["lead.status_changed"], by="test")
    await merges.merge(pool, one, other, by=BUDI, reason="same", go=True)
    assert await pool.fetchval("SELECT status FROM leads") == "qualified"
    assert await pool.fetch("SELECT FROM notifications") == []


@pytest.mark.parametrize(
    ("kind", "target", "events", "why"),
    [
        ("webhook", "https://example.com/" + "x" * 2000, ["alarm.began"], "longer than"),
        ("webhook", "https://example.com/", ["alarm.began", "alarm.bgan"], "does not exist"),
        ("webhook", "https://example.com/", [], "at least one"),
    ],
)
async def test_a_refusal_names_its_cause(pool: Pool, kind: str, target: str, events: list[str], why: str) -> None:
    with pytest.raises(HookRefused, match=why):
        await hooks.add(pool, "crm", kind, target, events, by="test")
