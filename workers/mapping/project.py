"""Project-wide events: our numbers and accounts, bot runs, and business events."""

from datetime import datetime

from kapso.base import iso_time
from kapso.project import AccountEvent, PhoneNumberEvent, ProjectEvent, WorkflowEvent
from rows.types import Facts, PhoneNumber, WorkflowExecution
from rows.types import ProjectEvent as ProjectEventRow
from workers.mapping.values import Occasion, filled, json_text, tie


def phone_number_event(event: PhoneNumberEvent, occasion: Occasion) -> Facts:
    at = _occurred(event.occurred_at, occasion)
    return Facts(phone_numbers=[PhoneNumber(event.phone_number_id, state=occasion.verb, state_at=at)])


def account_event(event: AccountEvent, occasion: Occasion) -> Facts:
    at = _occurred(event.occurred_at, occasion)
    numbers = [
        PhoneNumber(
            number.id,
            display_phone_number=filled(number.display_phone_number),
            display_phone_number_at=at if filled(number.display_phone_number) else None,
            account_state=occasion.verb,
            account_state_at=at,
        )
        for number in event.phone_numbers or []
    ]
    return Facts(phone_numbers=numbers)


def workflow_event(event: WorkflowEvent, occasion: Occasion) -> Facts:
    at = _occurred(event.occurred_at, occasion)
    handoff = json_text(event.handoff) if event.handoff else None
    error = json_text(event.error) if event.error else None
    row = WorkflowExecution(
        id=event.workflow_execution_id,
        workflow_id=filled(event.workflow_id),
        conversation_id=event.whatsapp_conversation_id,
        channel=filled(event.channel),
        tracking_id=filled(event.tracking_id),
        status=filled(event.status) or occasion.verb,
        status_at=at,
        handoff=handoff,
        handoff_at=at if handoff else None,
        handoff_tie=tie(handoff) if handoff else None,
        error=error,
        error_at=at if error else None,
        error_tie=tie(error) if error else None,
    )
    return Facts(workflow_executions=[row])


def project_event(event: ProjectEvent, occasion: Occasion) -> Facts:
    properties = json_text(event.properties or {})
    row = ProjectEventRow(
        id=event.id,
        name=event.name,
        conversation_id=event.conversation_id,
        occurred_at=_occurred(event.occurred_at, occasion),
        properties=properties,
        properties_tie=tie(properties),
    )
    return Facts(project_events=[row])


def _occurred(value: str | None, occasion: Occasion) -> datetime:
    return iso_time(value, occasion.received_at) or occasion.received_at
