"""A batch that fails for the data's sake is split until the one event stands alone; the rest is applied."""

import json

import asyncpg
import pytest
from structlog.testing import capture_logs

from config import logs
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED
from tests.helpers import bounds, delivery, payload, rows, settled
from workers.drain.failures import SAME_IN_A_ROW, TRIES_IN_DOUBT, advice
from workers.drain.interpret import DeliveryReading, EventFailure
from workers.drain.ordinary import ordinary_write_succeeds
from workers.drain.settle import InterpretedDelivery, Settler, Stuck, interpreted

TOO_LONG = "wamid." + "".join(chr(0x4E00 + n * 7 % 20000) for n in range(4000))


async def test_one_event_that_postgres_refuses_takes_no_other_along(pool: Pool) -> None:
    good = json.dumps(payload("received_text")["body"])
    bad = good.replace("wamid.TEST0001", TOO_LONG)
    deliveries = [
        delivery(good.replace("TEST0001", f"GOOD{n}").encode(), "whatsapp.message.received") for n in range(9)
    ]
    deliveries.insert(4, delivery(bad.encode(), "whatsapp.message.received"))
    await settled(pool, deliveries)
    assert len(await rows(pool, "messages")) == 9
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], letter["delivery_id"]) == ("refused", str(deliveries[4].id))
    assert letter["error"] == "ProgramLimitExceededError 54000"
    assert len(await rows(pool, "deliveries")) == 10


async def test_of_a_batch_from_kapso_only_the_refused_event_is_dead(pool: Pool) -> None:
    body = payload("batch")["body"]
    body["data"][1]["message"]["id"] = TOO_LONG
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    (books,) = await rows(pool, "deliveries")
    assert (books["events"], books["applied"], books["dead"]) == (3, 2, 1)
    assert [letter["position"] for letter in await rows(pool, "dead_letters")] == [1]


@pytest.mark.parametrize("sequence", [2**63, 10**30, -(2**63) - 1])
async def test_a_number_that_does_not_fit_costs_nothing_else(sequence: int, pool: Pool) -> None:
    body = payload("contact_marketing_preference")["body"]
    body["marketing_preference"]["sequence"] = sequence
    await settled(pool, [delivery(body, "whatsapp.contact.marketing_preference_changed")])
    (said,) = await pool.fetch("SELECT DISTINCT preference, sequence FROM preference_sightings")
    assert (said["preference"], said["sequence"]) == ("stopped", 0)


@pytest.mark.parametrize("text", ["\ud83d", "x" * 1_000_000, "\u202e\u0000\uffff", "%s {} $1 \\ '"])
async def test_of_strange_words_only_what_no_column_holds_is_replaced(text: str, pool: Pool) -> None:
    body = payload("received_text")["body"]
    body["message"]["text"]["body"] = text
    body["conversation"]["contact_name"] = text
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    (message,) = await rows(pool, "messages")
    assert message["text"] == text.replace("\0", "").replace("\ud83d", "\ufffd")
    assert await rows(pool, "dead_letters") == []


def unreadable(n: int, error: str = "KeyError") -> InterpretedDelivery:
    return InterpretedDelivery(
        delivery(b"%d" % n, "whatsapp.message.received"),
        DeliveryReading(failures=[EventFailure(0, "unexpected", error)]),
    )


async def test_a_few_events_that_we_can_not_read_are_dead_letters_and_hold_up_nothing(pool: Pool) -> None:
    settler = Settler(pool, release="v7", give_up=lambda: True)
    good = [interpreted(delivery(payload("received_text")["body"], "whatsapp.message.received"), bounds())]
    for n in range(2 * SAME_IN_A_ROW):
        await settler.settle([unreadable(n), *good])
    letters = await rows(pool, "dead_letters")
    assert len(letters) == 2 * SAME_IN_A_ROW
    assert {(letter["error_kind"], letter["code_version"]) for letter in letters} == {("unexpected", "v7")}
    assert len({letter["fingerprint"] for letter in letters}) == 1


async def never() -> bool:
    """A release that does not even read an ordinary message."""
    return False


async def test_a_release_that_can_read_nothing_stops_instead_of_emptying_the_inbox(pool: Pool) -> None:
    settler = Settler(pool, release="v8", give_up=lambda: True, ordinary=never)
    with pytest.raises(Stuck, match="KeyError"):
        await settler.settle([unreadable(n) for n in range(100)])
    assert await rows(pool, "dead_letters") == []
    # One by one it sees no further than its nose, and stops all the same.
    settler = Settler(pool, release="v8", give_up=lambda: True, ordinary=never)
    for n in range(SAME_IN_A_ROW - 1):
        await settler.settle([unreadable(n)])
    with pytest.raises(Stuck):
        await settler.settle([unreadable(99)])
    assert len(await rows(pool, "dead_letters")) == SAME_IN_A_ROW - 1
    with pytest.raises(Stuck):
        await settler.settle([unreadable(100)])
    await settler.settle(
        [interpreted(delivery(payload("received_text")["body"], "whatsapp.message.received"), bounds())]
    )
    await settler.settle([unreadable(101)])
    assert len(await rows(pool, "dead_letters")) == SAME_IN_A_ROW


async def test_what_is_nested_deep_stops_nothing(pool: Pool) -> None:
    body = payload("batch")["body"]
    deep = json.loads("[" * 260 + "]" * 260)
    element = body["data"][0]
    body["data"] = [
        element | {"message": element["message"] | {"id": f"w{n}"},
                   "conversation": element["conversation"] | {"metadata": {"deep": deep}}}
        for n in range(2 * SAME_IN_A_ROW)
    ]  # fmt: skip
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    (books,) = await rows(pool, "deliveries")
    assert (books["applied"], books["dead"]) == (2 * SAME_IN_A_ROW, 0)
    assert len(await rows(pool, "messages")) == 2 * SAME_IN_A_ROW


async def test_a_batch_of_events_that_we_can_not_read_counts_as_one(pool: Pool) -> None:
    failures = [EventFailure(n, "unexpected", "KeyError") for n in range(2 * SAME_IN_A_ROW)]
    one = InterpretedDelivery(delivery(b"{}", "whatsapp.message.received"), DeliveryReading(failures=failures))
    await Settler(pool, release="v9", give_up=lambda: True).settle([one])
    assert len(await rows(pool, "dead_letters")) == 2 * SAME_IN_A_ROW


async def test_an_unknown_error_of_postgres_is_tried_again_and_then_costs_one_event(pool: Pool) -> None:
    await pool.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF new.id LIKE '%BAD%' THEN RAISE 'no'; END IF; RETURN new; END $$;"
    )
    await pool.execute("CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()")
    good = json.dumps(payload("received_text")["body"])
    deliveries = [
        delivery(good.replace("TEST0001", "BAD" if n == 3 else f"GOOD{n}").encode(), "whatsapp.message.received")
        for n in range(6)
    ]
    await settled(pool, deliveries)
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], letter["error"]) == ("unexpected", "RaiseError P0001")
    assert len(await rows(pool, "messages")) == 5


async def test_a_full_disk_is_waited_out_and_the_log_says_what_to_do(pool: Pool) -> None:
    await pool.execute(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;"
    )
    await pool.execute("CREATE TRIGGER no_room BEFORE INSERT ON messages EXECUTE FUNCTION no_room()")
    logs.configure("WARNING")
    waits = 0

    async def waiting(_: BaseException) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            await pool.execute("DROP TRIGGER no_room ON messages")

    settler = Settler(pool, release="t", give_up=lambda: False, on_wait=waiting)
    with capture_logs() as told:
        await settler.settle(
            [interpreted(delivery(payload("received_text")["body"], "whatsapp.message.received"), bounds())]
        )
    assert waits == 3
    assert (len(await rows(pool, "messages")), await rows(pool, "dead_letters")) == (1, [])
    assert {line["what_to_do"] for line in told} == {"the disk of postgres is full: free space or enlarge it"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.UndefinedTableError(), "mirror migrate"),
        (asyncpg.InsufficientPrivilegeError(), "grant"),
        (asyncpg.InvalidPasswordError(), "DATABASE_URL"),
        (asyncpg.ReadOnlySQLTransactionError(), "read-only"),
        (ConnectionRefusedError(), "check that Postgres runs"),
        (KeyError("x"), "mirror status says what to do"),
    ],
)
def test_what_to_do_is_said_for_what_the_world_does(error: Exception, said: str) -> None:
    assert said in advice(error)


async def test_settle_goes_on_after_many_unreadable_events_when_ordinary_writes_succeed(pool: Pool) -> None:
    """A body that this release can't read, sent again and again, must not stop the others."""
    settler = Settler(pool, release="v10", give_up=lambda: True)
    good = interpreted(delivery(payload("received_text")["body"], "whatsapp.message.received"), bounds())
    await settler.settle([*(unreadable(n) for n in range(3 * SAME_IN_A_ROW)), good])
    assert len(await rows(pool, "dead_letters")) == 3 * SAME_IN_A_ROW
    assert len(await rows(pool, "messages")) == 1


async def test_ordinary_write_leaves_nothing_behind_and_fails_when_the_world_does(pool: Pool) -> None:
    assert await ordinary_write_succeeds(pool, NOBODY_ERASED)
    for table in ("contacts", "messages", "sightings", "deliveries"):
        assert await rows(pool, table) == []
    await pool.execute("ALTER TABLE messages RENAME TO elsewhere")
    assert not await ordinary_write_succeeds(pool, NOBODY_ERASED)


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF new.id LIKE '%POISON%' THEN RAISE 'no' USING ERRCODE = '{state}'; END IF;
        RETURN new;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize("state", ["08006", "57014", "57P02", "53200"])
async def test_settle_finds_the_one_event_that_ends_every_connection_it_is_written_on(state: str, pool: Pool) -> None:
    """Such errors look like the environment's. Ordinary writes succeed meanwhile, so the event is at fault."""
    await pool.execute(REFUSE.format(state=state))
    text = json.dumps(payload("received_text")["body"])
    names = ["GOOD1", "GOOD2", "POISON", "GOOD3"]
    reads = [
        interpreted(delivery(text.replace("TEST0001", n).encode(), "whatsapp.message.received"), bounds())
        for n in names
    ]
    await Settler(pool, release="t", give_up=lambda: False).settle(reads)
    assert {row["id"] for row in await rows(pool, "messages")} == {f"wamid.{n}" for n in names if n != "POISON"}
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], state in letter["error"]) == ("refused", True)


@pytest.mark.parametrize("state", ["08006", "57014", "53100", "25006"])
async def test_settle_waits_for_ever_when_ordinary_writes_fail_too(state: str, pool: Pool) -> None:
    await pool.execute(REFUSE.format(state=state).replace("LIKE '%POISON%'", "IS NOT NULL"))
    waits = 0

    async def waiting(_: BaseException) -> None:
        nonlocal waits
        waits += 1
        if waits == TRIES_IN_DOUBT + 1:
            await pool.execute("DROP TRIGGER refuse ON messages")

    settler = Settler(pool, release="t", give_up=lambda: False, on_wait=waiting)
    await settler.settle(
        [interpreted(delivery(payload("received_text")["body"], "whatsapp.message.received"), bounds())]
    )
    assert (waits, len(await rows(pool, "messages"))) == (TRIES_IN_DOUBT + 1, 1)
    assert await rows(pool, "dead_letters") == []
