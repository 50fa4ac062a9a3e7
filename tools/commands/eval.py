"""`dev.py eval`: how well chats are read, on the synthetic gold chats of tools/evaluation/ or on a file."""

import argparse
import asyncio
import json

from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.settings import WorkerSettings
from tools.evaluation.gold import Chat, chats, found_values
from tools.evaluation.score import ScoreReport, report
from workers.extraction.__main__ import readers_of
from workers.extraction.rules.reader import Rules, read
from workers.extraction.source import ChatSource


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on", default="report", metavar="SET",
        help="report: by people who never saw the rules (default); own: by the hand that wrote the rules, afterwards;"
        " others: chats by other people, with which rules were written later; develop: chats that the rules were first"
        " written with; or the path of a file like them"
        " (tools/evaluation/GUIDELINE.md)",
    )  # fmt: skip
    parser.add_argument("--model", action="store_true", help="the model of MODEL_URL too; it costs tokens")


def run(arguments: argparse.Namespace) -> int:
    try:
        gold = chats(arguments.on)
    except (OSError, ValueError, KeyError) as error:
        print(f"{arguments.on} can't be read as gold chats: {error}")
        return 2
    reports = {"rules": asyncio.run(_score(Rules("ID"), gold))}
    if arguments.model:
        return asyncio.run(run_reporting_store_errors(lambda: _with_model(arguments, gold, reports)))
    _tell(arguments, reports)
    return 0


async def _with_model(arguments: argparse.Namespace, gold: list[Chat], reports: dict[str, ScoreReport]) -> int:
    settings = load(WorkerSettings)
    if settings.model_url is None:
        print("MODEL_URL is not set: there is no model to ask.")
        return 2
    async with database() as pool:
        model = readers_of(settings, pool).model
        assert model is not None  # MODEL_URL is set
        reports["model"] = await _score(model, gold)
        await model.close()
    _tell(arguments, reports)
    return 0


async def _score(source: ChatSource, gold: list[Chat]) -> ScoreReport:
    readings = await source.read([chat.window for chat in gold])
    return report((chat.expected, found_values(reading)) for chat, reading in zip(gold, readings, strict=True))


def _tell(arguments: argparse.Namespace, reports: dict[str, ScoreReport]) -> None:
    if arguments.json:
        print(json.dumps({name: _plain(one) for name, one in reports.items()}))
        return
    for name, one in reports.items():
        print(f"{name}, on {one.chats} synthetic chats ({arguments.on})\n")
        print(f"  {'field':<24}{'precision':>10}{'recall':>10}{'F1':>8}{'correct null':>14}")
        for field, tally in one.fields.items():
            print(
                f"  {field:<24}{tally.precision:>10.2f}{tally.recall:>10.2f}{tally.f1:>8.2f}{tally.correct_null:>14.3f}"
            )
        print(f"  {'all (macro)':<24}{'':>20}{one.macro_f1:>8.3f}{one.correct_null:>14.3f}")
        print(f"  false values per 100 chats: {one.false_per_hundred:.0f}\n")


def _plain(one: ScoreReport) -> dict[str, object]:
    fields = {
        name: {"precision": tally.precision, "recall": tally.recall, "f1": tally.f1, "correct_null": tally.correct_null}
        for name, tally in one.fields.items()
    }
    return {
        "chats": one.chats, "macro_f1": one.macro_f1, "correct_null": one.correct_null,
        "false_per_hundred": one.false_per_hundred, "fields": fields,
    }  # fmt: skip


def rules_on(name: str) -> ScoreReport:
    """How well the rules read a set of gold chats; `name` as gold.chats takes it."""
    return report((chat.expected, found_values(read(chat.window, "ID"))) for chat in chats(name))


def table() -> str:
    """The table of docs/extraction.md: the rules on the two sets that they were not written with."""
    now, own = rules_on("report"), rules_on("own")
    rows = [
        f"| `{field}` | {tally.precision:.2f} | {tally.recall:.2f} | {tally.f1:.2f} | {tally.correct_null:.3f} "
        f"| {own.fields[field].f1:.2f} |"
        for field, tally in now.fields.items()
    ]
    return "\n".join([
        "| field | precision | recall | F1 | correct null | F1, same hand |", "|---|---|---|---|---|---|", *rows,
        f"| all (macro) | | | {now.macro_f1:.3f} | {now.correct_null:.3f} | {own.macro_f1:.3f} |",
        f"| false values per 100 chats | | | {now.false_per_hundred:.0f} | | {own.false_per_hundred:.0f} |",
    ])  # fmt: skip
