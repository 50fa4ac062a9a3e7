"""`dev.py sql`: the merging statements, made from the rules of `domain/types.py`."""

import argparse
import sys
from pathlib import Path

from tools.upserts import statements

FILE = Path(__file__).resolve().parents[2] / "store" / "mirror" / "upserts.sql"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where the file differs")


def run(arguments: argparse.Namespace) -> int:
    made = statements()
    differs = not FILE.exists() or FILE.read_text(encoding="utf-8") != made
    if differs and not arguments.check:
        FILE.write_text(made, encoding="utf-8")
    said = (
        ("differs from domain/types.py: run `dev.py sql`" if arguments.check else "written") if differs else "unchanged"
    )
    print(f"{FILE.name}: {said}", file=sys.stderr if differs and arguments.check else sys.stdout)
    return int(differs and arguments.check)
