"""The table of all operations: routes, rights and the OpenAPI document come from here."""

from collections.abc import Awaitable, Callable

from domain.handoff import CRMClient
from domain.phone import Phones
from knowledge.embedder import Embedders
from store.access.access_log import AccessLog
from store.ops.status import MirrorStatus
from store.postgres import Pool
from web.api.customers import CustomerOperations
from web.api.dead_letters import LetterOperations
from web.api.handoffs import HandoffOperations
from web.api.knowledge import KnowledgeOperations
from web.api.leads import LeadOperations
from web.api.operation import Operation
from web.api.overview import OverviewOperations
from web.api.suggestions import SuggestionOperations
from web.api.support import SupportOperations
from web.api.users import UserOperations
from web.live import Hub


def operations(
    pool: Pool,
    hub: Hub,
    read_status: Callable[[], Awaitable[MirrorStatus]],
    embedders: Embedders,
    phones: Phones,
    access_log: AccessLog,
    crm: CRMClient,
) -> list[Operation]:
    """In the order in which they are documented."""
    return [
        *LeadOperations(pool, hub, access_log).table(),
        *OverviewOperations(pool, hub).table(),
        *CustomerOperations(pool, hub, phones, access_log).table(),
        *HandoffOperations(pool, phones, crm).table(),
        *SuggestionOperations(pool, hub, access_log).table(),
        *SupportOperations(pool, hub, phones, access_log).table(),
        *KnowledgeOperations(pool, embedders, access_log).table(),
        *LetterOperations(pool, read_status).table(),
        *UserOperations(pool).table(),
    ]
