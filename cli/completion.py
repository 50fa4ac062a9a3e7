"""`mirror completion`: a script by which a shell completes commands and options."""

import argparse
import json

import shtab

from cli.parser import ABOUT, COMMANDS, build

EPILOG = """examples:
  eval "$(mirror completion bash)"                                    in ~/.bashrc
  mirror completion zsh > "${fpath[1]}/_mirror"
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)


def run(arguments: argparse.Namespace) -> int:
    others = [name for name in COMMANDS if name != "completion"]
    script = shtab.complete(build(COMMANDS, others, room="cli", program="mirror", about=ABOUT), arguments.shell)
    print(json.dumps({"script": script}) if arguments.json else script)
    return 0
