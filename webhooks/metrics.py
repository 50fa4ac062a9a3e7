"""`/metrics` for Prometheus: what this process answered, and what both stores say of the whole. Token holders only."""

import hmac
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store.ops.status import MirrorStatus

REFUSED = {"type": "about:blank", "status": 401, "title": "send METRICS_TOKEN as: Authorization: Bearer …"}


def may_see(request: Request, token: str | None) -> bool:
    """Without a token configured nobody may."""
    given = request.headers.get("authorization", "").encode()
    return token is not None and hmac.compare_digest(given, f"Bearer {token}".encode())


def metrics_route(
    token: str | None,
    answers: Callable[[], Iterable[tuple[int, int]]],
    read_status: Callable[[], Awaitable[MirrorStatus]],
) -> Callable[[Request], Awaitable[Response]]:
    """`answers` are (status code, how many) of this process; `read_status` reads both stores."""

    async def metrics(request: Request) -> Response:
        if not may_see(request, token):
            return JSONResponse(REFUSED, 401, {"www-authenticate": "Bearer"}, "application/problem+json")
        return Response(exposition(await read_status(), answers()), media_type=CONTENT_TYPE_LATEST)

    return metrics


def exposition(now: MirrorStatus, answers: Iterable[tuple[int, int]]) -> bytes:
    registry = CollectorRegistry()
    of_status = (_inbox, _lag, _trouble, _polled, _leads)
    registry.register(_Families([*_answers(answers), *(one for family in of_status for one in family(now))]))
    return generate_latest(registry)


class _Families:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _answers(answers: Iterable[tuple[int, int]]) -> Iterator[Metric]:
    family = CounterMetricFamily("mirror_http_answers", "What this receiver answered, by status.", labels=["code"])
    for code, count in answers:
        family.add_metric([str(code)], count)
    yield family


def _inbox(now: MirrorStatus) -> Iterator[Metric]:
    depth = GaugeMetricFamily("mirror_inbox_waiting", "Deliveries that wait, by store.", labels=["store"])
    age = GaugeMetricFamily("mirror_inbox_oldest_seconds", "Age of the oldest that waits, by store.", labels=["store"])
    for store, waiting in (("redis", now.stream), ("postgres", now.spill)):
        if waiting is not None:
            depth.add_metric([store], waiting.deliveries)
            age.add_metric([store], waiting.oldest_seconds)
    up = GaugeMetricFamily("mirror_store_up", "1 where the store answers.", labels=["store"])
    up.add_metric(["redis"], now.stream is not None)
    up.add_metric(["postgres"], now.postgres_answers)
    yield from (depth, age, up)


def _lag(now: MirrorStatus) -> Iterator[Metric]:
    fresh = GaugeMetricFamily(
        "mirror_freshness_seconds", "From receipt to settled, over the last minute.", labels=["percentile"]
    )
    for percentile, value in (("50", now.freshness_p50_ms), ("99", now.freshness_p99_ms)):
        if value is not None:
            fresh.add_metric([percentile], value / 1000)
    late = GaugeMetricFamily("mirror_kapso_lag_seconds", "From a message's own time to receipt.", labels=["shard"])
    seen = GaugeMetricFamily("mirror_drain_seen_seconds", "Since a drain last told of itself.", labels=["shard"])
    for drain in now.drains:
        seen.add_metric([str(drain.shard)], drain.seen_seconds)
        if drain.kapso_seconds is not None:
            late.add_metric([str(drain.shard)], drain.kapso_seconds)
    events = GaugeMetricFamily("mirror_events", "Events of the last five minutes, by outcome.", labels=["outcome"])
    for outcome, count in (("applied", now.applied), ("ignored", now.ignored), ("dead", now.dead)):
        if count is not None:
            events.add_metric([outcome], count)
    yield from (fresh, late, seen, events)
    if now.last_received_at:
        silent = (datetime.now(UTC) - now.last_received_at).total_seconds()
        yield GaugeMetricFamily("mirror_silence_seconds", "Since Kapso last delivered something.", value=silent)


def _trouble(now: MirrorStatus) -> Iterator[Metric]:
    letters = GaugeMetricFamily("mirror_dead_letters_open", "Open dead letters, by kind.", labels=["kind"])
    oldest = GaugeMetricFamily("mirror_dead_letter_oldest_seconds", "Age of the oldest open one.", labels=["kind"])
    for one in now.letters:
        letters.add_metric([one.kind], one.open)
        oldest.add_metric([one.kind], one.oldest_seconds)
    alarms = GaugeMetricFamily("mirror_alarm", "1 for each alarm that stands.", labels=["name"])
    for alarm in now.alarms:
        alarms.add_metric([alarm.name], 1)
    problems = GaugeMetricFamily("mirror_problems", "How many things need a person (mirror status).")
    problems.add_metric([], len(now.problems))
    yield from (letters, oldest, alarms, problems)
    odd = {
        "mirror_dropped_values": ("Odd optional values that were dropped, last five minutes.", now.dropped),
        "mirror_messages_without_contact": ("Messages that no contact is known of.", now.without_contact),
    }
    for name, (what, count) in odd.items():
        if count is not None:
            yield GaugeMetricFamily(name, what, value=count)


def _polled(now: MirrorStatus) -> Iterator[Metric]:
    names = {
        "missing": "Rows that comparing found missing, last day.",
        "repaired": "Fields that comparing repaired, last day.",
        "late": "Rows of the last day that should have been pushed long before.",
    }
    for name, what in names.items():
        family = GaugeMetricFamily(f"mirror_reconcile_{name}", what, labels=["kind"])
        for run in now.runs:
            family.add_metric([run.kind], getattr(run, name))
        yield family
    age = GaugeMetricFamily("mirror_poll_age_seconds", "Since the last comparison.", labels=["kind"])
    for run in now.runs:
        age.add_metric([run.kind], (datetime.now(UTC) - run.ended_at).total_seconds())
    yield age
    if now.budget_left is not None:
        yield GaugeMetricFamily("mirror_budget_left", "Requests to Kapso that could go at once.", value=now.budget_left)
    if now.verified_to:
        behind = (datetime.now(UTC) - now.verified_to).total_seconds()
        yield GaugeMetricFamily("mirror_verified_behind_seconds", "How far behind polling is.", value=behind)


def _leads(now: MirrorStatus) -> Iterator[Metric]:
    if now.chats is None:
        return
    family = GaugeMetricFamily(
        "mirror_leads", "Leads, by temperature; all is every one of them.", labels=["temperature"]
    )
    for name, count in (("all", now.chats.leads), ("warm", now.chats.warm), ("hot", now.chats.hot)):
        family.add_metric([name], count)
    yield family
    spent = now.chats.tokens_today
    yield GaugeMetricFamily("mirror_model_tokens_today", "What the language model cost today (UTC).", value=spent)
    if now.chats.began_seconds is not None:
        began = now.chats.began_seconds
        yield GaugeMetricFamily("mirror_chats_read_age_seconds", "Since chats were last read.", value=began)
