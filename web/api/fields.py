"""Lead fields in what the API takes and gives: types made from `domain/lead_fields.py`."""

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema, create_model

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, parse
from domain.phone import NotAPhone, Phones


class Context(TypedDict):
    """What models are read with."""

    phones: Phones


class Strict(BaseModel):
    """What is sent: a field that we do not know is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)


def patch_of(title: str, names: Iterable[str]) -> type[Strict]:
    """A model that sets these fields; null empties one, a field left out stays as it is."""
    fields: dict[str, Any] = {name: (given(name) | None, None) for name in names}
    return create_model(title, __base__=Strict, **fields)


def facts_of(title: str, names: Iterable[str]) -> type[BaseModel]:
    """A model that shows these fields; null: not known."""
    fields: dict[str, Any] = {name: (_shown(name) | None, Field()) for name in names}
    return create_model(title, **fields)


def given(name: str) -> Any:
    """The type of a field in what is sent: the field's own rule checks it, in its own words. [] empties it."""

    def parsed(value: object, info: ValidationInfo[Context]) -> object:
        if value == []:
            return None
        try:
            return info.context["phones"].read(str(value)) if name == "phone" else parse(name, value)
        except (NotAPhone, NotAllowed) as error:
            raise ValueError(str(error).removeprefix(f"{name} ")) from None

    schema = {key: limit for key, limit in BY_NAME[name].kind.schema.items() if key != "minItems"}
    return Annotated[Any, AfterValidator(parsed), WithJsonSchema(schema)]


def _shown(name: str) -> Any:
    """Return the type of a field in responses: its type, format, enum and item type, without other limits."""
    schema = BY_NAME[name].kind.schema
    plain = {key: schema[key] for key in ("type", "format", "enum") if key in schema}
    if "items" in schema:
        plain["items"] = {"type": schema["items"]["type"]}
    return Annotated[Any, WithJsonSchema(plain)]
