"""Project-wide events: our numbers and accounts, bot runs, and business events."""

from datetime import datetime

from domain.types import Facts, PhoneNumber, ProjectEvent, WorkflowExecution
from kapso.base import iso_time
from kapso.project import AccountEvent, PhoneNumberEvent, ProjectEventPayload, WorkflowEvent
from workers.drain.mapping.values import EventContext, filled, json_text, tie


def phone_number_event(event: PhoneNumberEvent, context: EventContext) -> Facts:
    at = _occurred(event.occurred_at, context)
    return Facts(phone_numbers=[PhoneNumber(event.phone_number_id, state=context.verb, state_at=at)])


def account_event(event: AccountEvent, context: EventContext) -> Facts:
    at = _occurred(event.occurred_at, context)
    numbers = [
        PhoneNumber(
            number.id,
            display_phone_number=filled(number.display_phone_number),
            display_phone_number_at=at if filled(number.display_phone_number) else None,
            account_state=context.verb,
            account_state_at=at,
        )
        for number in event.phone_numbers or []
    ]
    return Facts(phone_numbers=numbers)


def workflow_event(event: WorkflowEvent, context: EventContext) -> Facts:
    at = _occurred(event.occurred_at, context)
    handoff = json_text(event.handoff or None, context)
    error = json_text(event.error or None, context)
    row = WorkflowExecution(
        id=event.workflow_execution_id,
        workflow_id=filled(event.workflow_id),
        conversation_id=event.whatsapp_conversation_id,
        channel=filled(event.channel),
        tracking_id=filled(event.tracking_id),
        status=filled(event.status) or context.verb,
        status_at=at,
        handoff=handoff,
        handoff_at=at if handoff else None,
        handoff_tie=tie(handoff) if handoff else None,
        error=error,
        error_at=at if error else None,
        error_tie=tie(error) if error else None,
        ended_at=at,
    )
    return Facts(workflow_executions=[row])


def project_event(event: ProjectEventPayload, context: EventContext) -> Facts:
    properties = json_text(event.properties or {}, context) or "{}"
    row = ProjectEvent(
        id=event.id,
        name=event.name,
        conversation_id=event.conversation_id,
        occurred_at=_occurred(event.occurred_at, context),
        properties=properties,
        properties_tie=tie(properties),
    )
    return Facts(project_events=[row])


def _occurred(value: str | None, context: EventContext) -> datetime:
    return iso_time(value, context.latest) or context.received_at
