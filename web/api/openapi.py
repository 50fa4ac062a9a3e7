"""The OpenAPI 3.1 document, made of the table of operations."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.api.operation import PREFIX, Operation
from web.api.problems import ProblemDetails

TITLES = {
    400: "The body is not valid JSON", 401: "Not authenticated", 403: "Not allowed", 404: "Not found",
    409: "There already, or over", 412: "Changed meanwhile", 413: "Too large", 422: "Invalid request",
    428: "If-Match is missing", 502: "Another service failed", 503: "The database does not answer now",
}  # fmt: skip
REF = "#/components/schemas/{model}"
IF_MATCH = r'^(\*|(W/)?"?[0-9]{1,9}"?)$'
EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}


def document(operations: list[Operation]) -> dict[str, Any]:
    """The same for the same table, whatever the order of anything else."""
    models = [(one.answer, "serialization") for one in operations if one.answer]
    models += [(one.body, "validation") for one in operations if one.body]
    _, schemas = models_json_schema([*models, (ProblemDetails, "serialization")], ref_template=REF)  # type: ignore[list-item]
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kapso mirror",
            "version": "1",
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Leads and messages of a live mirror of Kapso. Errors are RFC 9457 problem details.",
        },
        "servers": [{"url": "/", "description": "The web process that serves this document."}],
        "paths": paths,
        "components": {
            "schemas": {name: _without_defaults(schema) for name, schema in schemas["$defs"].items()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: mirror api-keys add."},
                "session": {"type": "apiKey", "in": "cookie", "name": "session", "description": "A signed-in user."},
            },
        },
        "security": [{"key": []}, {"session": []}],
    }


def _without_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove `default` from the model's properties. A default of null would say that an omitted field is emptied, but
    only an explicit null empties it. TypeScript generators make a property with a default required.
    """
    properties = {
        name: {key: value for key, value in one.items() if key != "default"}
        for name, one in schema.get("properties", {}).items()
    }
    return schema | ({"properties": properties} if properties else {})


def _operation(one: Operation) -> dict[str, Any]:
    codes = (
        {401, 403, 503, *one.problems}
        | ({400, 413, 422} if one.body else set())
        | ({422} if one.query or one.if_match else set())
    )
    answer = {"application/json": {"schema": _ref(one.answer)}} if one.answer else EVENTS
    success: dict[str, Any] = {"description": one.summary, "content": answer}
    if one.if_match or (one.answer and one.answer.__name__ in ("Lead", "Customer", "Ticket")):
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Its version."}}
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the scope `{one.scope}` (keys) or the role `{one.role}` (users).",
        "parameters": [*_path(one), *_query(one), *_headers(one)],
        "responses": {str(one.status): success} | {str(code): _problem(code) for code in sorted(codes)},
    }
    if one.body:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(one.body)}}}
    return found


UUID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer", "minimum": 1}
IDS = {"/leads": UUID, "/customers": UUID, "/handoffs": TEXT, "/messages": TEXT, "/api-keys": TEXT}


def _path(one: Operation) -> list[dict[str, Any]]:
    id = next((kind for start, kind in IDS.items() if one.path.startswith(start)), NUMBER)
    kinds = {"id": id, "contact": UUID, "session_id": id, "name": TEXT}
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": kinds[name]} for name in names]


def _query(one: Operation) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    found = []
    model = one.query.model_json_schema(ref_template=REF)
    for name, asked in model["properties"].items():
        schema = _not_null(asked)
        parameter = {"name": name, "in": "query", "required": name in model.get("required", ()), "schema": schema}
        if text := schema.pop("description", None):
            parameter["description"] = text
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
            schema |= {"minItems": 1}  # nothing chosen is leaving it out
            schema.pop("default", None)
        found.append(parameter)
    return found


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter may be when it is given: null is leaving it out."""
    kinds: list[dict[str, Any]] = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema.pop("default", None)
        return schema | kinds[0]
    return schema | ({"anyOf": kinds} if kinds else {})


def _headers(one: Operation) -> list[dict[str, Any]]:
    headers = []
    if one.idempotent:
        text = "Asked again with the same key within a day, nothing is done twice."
        schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
        headers.append(_header("Idempotency-Key", text, schema))
    if one.if_match:
        text = "The ETag that was read: the write is refused when the resource has changed since. `*` for any."
        schema = {"type": "string", "pattern": IF_MATCH}
        headers.append(_header("If-Match", text, schema, required=one.if_match == "must"))
    return headers


def _header(name: str, text: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": text}


def _problem(code: int) -> dict[str, Any]:
    return {"description": TITLES[code], "content": {"application/problem+json": {"schema": _ref(ProblemDetails)}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}
