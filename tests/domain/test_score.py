"""The score is the sum of named signals, and says so."""

from domain.score import POINTS, ScoreSignal, ShownAt, because, following, merged, phase, score, temperature


def test_a_score_names_its_reasons() -> None:
    signals = merged({}, [ScoreSignal("asked price", "m1", "berapa")], ["gave name", "no hurry"])
    assert score(signals) == 15 + 5 - 10
    assert because(signals) == "asked price +15, no hurry -10, gave name +5"
    assert signals["asked price"] == {"points": 15, "message_id": "m1", "quote": "berapa"}


def test_signals_stay_that_were_seen_once_and_follow_where_fields_change() -> None:
    first = merged({}, [ScoreSignal("asked price", "m1", "berapa")], ["gave name", "urgent"])
    later = merged(first, [], ["gave name"])
    assert set(later) == {"asked price", "gave name"}


def test_what_follows_from_a_field_names_the_message_it_was_read_in() -> None:
    first = merged({}, [], ["gave city"], {"domisili": ShownAt("m1", "di Bandung")})
    assert first["gave city"] == {"points": 5, "message_id": "m1", "quote": "di Bandung", "follows": "domisili"}
    assert merged(first, [], ["gave city"]) == first
    assert merged(first, [], []) == {}
    assert merged(first, [], ["gave city"], {"domisili": ShownAt("m2", "di Solo")})["gave city"]["message_id"] == "m2"


def test_scores_stay_within_bounds() -> None:
    assert score(merged({}, [], [name for name, points in POINTS.items() if points > 0])) == 100
    assert score(merged({}, [], ["not interested"])) == 0


def test_temperatures_go_by_the_score() -> None:
    assert [temperature(points) for points in (0, 19, 20, 44, 45, 69, 70, 100)] == [
        "cold", "cold", "lukewarm", "lukewarm", "warm", "warm", "hot", "hot",
    ]  # fmt: skip


def test_what_is_known_gives_signals() -> None:
    fields = {
        "name": "Budi",
        "pain_points": ["stock", "staff"],
        "business_duration": "3 years",
        "urgency_level": "high",
    }
    assert set(following(fields)) == {"gave name", "told a pain", "several pains", "established business", "urgent"}


def test_the_phase_is_how_far_the_talk_has_come() -> None:
    assert phase({}, {}) == "A"
    assert phase({"domisili": "Solo"}, {}) == "B"
    assert phase({"name": "Budi", "pain_points": ["stock"]}, {}) == "C"
    assert phase({"objection_raised": "price"}, {}) == "D"
    assert phase({}, {"asked how to buy": {}}) == "D"
