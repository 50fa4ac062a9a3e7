"""A batch that fails for the data's sake is split until the one event stands alone; the rest is applied."""

import json

import asyncpg
import pytest
from structlog.testing import capture_logs

from config import logs
from store.postgres import Pool
from tests.helpers import delivery, payload, rows, settled
from workers.failures import SAME_IN_A_ROW, advice
from workers.interpret import Failure, Reading
from workers.settle import Read, Settler, Stuck, read

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
async def test_a_number_that_does_not_fit_is_the_fault_of_the_data(sequence: int, pool: Pool) -> None:
    body = payload("contact_marketing_preference")["body"]
    body["marketing_preference"]["sequence"] = sequence
    await settled(pool, [delivery(body, "whatsapp.contact.marketing_preference_changed")])
    assert [letter["error_kind"] for letter in await rows(pool, "dead_letters")] in (["refused"], ["malformed"])


@pytest.mark.parametrize("text", ["\ud83d", "x" * 1_000_000, "\u202e\u0000\uffff", "%s {} $1 \\ '"])
async def test_strange_words_are_kept_or_dead_but_hold_up_nothing(text: str, pool: Pool) -> None:
    body = payload("received_text")["body"]
    body["message"]["text"]["body"] = text
    body["conversation"]["contact_name"] = text
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    kept = [row["text"] for row in await rows(pool, "messages")]
    dead = [letter["error_kind"] for letter in await rows(pool, "dead_letters")]
    assert (kept, dead) in (([text.replace("\0", "")], []), ([], ["malformed"]))


def unreadable(n: int, error: str = "KeyError") -> Read:
    return Read(delivery(b"%d" % n, "whatsapp.message.received"), Reading(failures=[Failure(0, "unexpected", error)]))


async def test_a_few_events_that_we_can_not_read_are_dead_letters_and_hold_up_nothing(pool: Pool) -> None:
    settler = Settler(pool, release="v7", give_up=lambda: True)
    good = read([delivery(payload("received_text")["body"], "whatsapp.message.received")])
    for n in range(2 * SAME_IN_A_ROW):
        await settler.settle([unreadable(n), *good])
    letters = await rows(pool, "dead_letters")
    assert len(letters) == 2 * SAME_IN_A_ROW
    assert {(letter["error_kind"], letter["code_version"]) for letter in letters} == {("unexpected", "v7")}
    assert len({letter["fingerprint"] for letter in letters}) == 1


async def test_a_release_that_can_read_nothing_stops_instead_of_emptying_the_inbox(pool: Pool) -> None:
    settler = Settler(pool, release="v8", give_up=lambda: True)
    with pytest.raises(Stuck, match="KeyError"):
        await settler.settle([unreadable(n) for n in range(100)])
    assert await rows(pool, "dead_letters") == []
    # One by one it sees no further than its nose, and stops all the same.
    settler = Settler(pool, release="v8", give_up=lambda: True)
    for n in range(SAME_IN_A_ROW - 1):
        await settler.settle([unreadable(n)])
    with pytest.raises(Stuck):
        await settler.settle([unreadable(99)])
    assert len(await rows(pool, "dead_letters")) == SAME_IN_A_ROW - 1
    with pytest.raises(Stuck):
        await settler.settle([unreadable(100)])
    await settler.settle(read([delivery(payload("received_text")["body"], "whatsapp.message.received")]))
    await settler.settle([unreadable(101)])
    assert len(await rows(pool, "dead_letters")) == SAME_IN_A_ROW


async def test_what_is_nested_too_deep_to_be_written_is_the_fault_of_the_data_and_stops_nothing(pool: Pool) -> None:
    body = payload("batch")["body"]
    deep = json.loads("[" * 260 + "]" * 260)
    element = body["data"][0]
    body["data"] = [
        element | {"message": element["message"] | {"id": f"w{n}"},
                   "conversation": element["conversation"] | {"metadata": {"deep": deep}}}
        for n in range(2 * SAME_IN_A_ROW)
    ]  # fmt: skip
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    letters = await rows(pool, "dead_letters")
    assert {letter["error_kind"] for letter in letters} == {"malformed"}
    assert len(letters) == 2 * SAME_IN_A_ROW


async def test_a_batch_of_events_that_we_can_not_read_counts_as_one(pool: Pool) -> None:
    failures = [Failure(n, "unexpected", "KeyError") for n in range(2 * SAME_IN_A_ROW)]
    one = Read(delivery(b"{}", "whatsapp.message.received"), Reading(failures=failures))
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

    async def waiting() -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            await pool.execute("DROP TRIGGER no_room ON messages")

    settler = Settler(pool, release="t", give_up=lambda: False, on_wait=waiting)
    with capture_logs() as told:
        await settler.settle(read([delivery(payload("received_text")["body"], "whatsapp.message.received")]))
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
        (ConnectionRefusedError(), "is postgres running"),
    ],
)
def test_what_to_do_is_said_for_what_the_world_does(error: Exception, said: str) -> None:
    assert said in advice(error)
