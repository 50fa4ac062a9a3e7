"""How a setting is written in the environment, and how a process reads its own."""

import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


@cache
def version() -> str:
    """The version of the program, from its pyproject.toml."""
    named: str = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    return named


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Texts: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Secrets: TypeAlias = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    # Treat an empty variable as not set.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False)


def _visible(value: SecretStr) -> SecretStr:
    """Keys are sent in HTTP headers, which hold visible ASCII."""
    if not re.fullmatch(r"[!-~]*", value.get_secret_value()):
        raise ValueError("it holds a space, a line break or another character that no key has; copy it again")
    return value


Key: TypeAlias = Annotated[SecretStr, AfterValidator(_visible)]


# Begin of a pattern, and the advice for a value that does not match it.
PLACES = "; its places are {conversation_id}, {contact_id} and {phone}"
FORMS = {"^https?://": "it must begin with http:// or https://", "^https://": f"it must begin with https://{PLACES}",
         "^[A-Za-z_]": "write it as module:Class"}  # fmt: skip
FORM = "it does not have the form that it must have"
Kind = TypeVar("Kind", bound=Settings)


def load(kind: type[Kind]) -> Kind:
    """The settings of one process; ends it with one readable line per fault if they are not right."""
    try:
        return kind()
    except ValidationError as error:
        print(*faults_of(kind, error), sep="\n", file=sys.stderr)
        raise SystemExit(2) from None


def faults_of(kind: type[Settings], error: ValidationError) -> list[str]:
    """One readable line for each fault: the setting, what is wrong, what it is for. No values: some are secret."""
    found = []
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else "The environment"
        field = kind.model_fields.get(name.lower())
        what = "is not set" if fault["type"] == "missing" else f"is not right: {_plain(fault)}"
        found.append(f"{name} {what}. {field.description if field else ''}".rstrip())
    return found


def _plain(fault: Any) -> str:
    """What pydantic says, as people say it."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            return FORMS.get(next((start for start in FORMS if context["pattern"].startswith(start)), ""), FORM)
        case "too_short" if "tuple" in str(fault["msg"]).lower():
            return "it is empty"
        case "too_short" | "string_too_short":
            return f"it must have at least {context['min_length']} characters"
    return str(fault["msg"]).removeprefix("Value error, ")
