"""The table of all operations: routes, rights and the OpenAPI document come from here."""

from collections.abc import Awaitable, Callable

from dashboard.api.customers import CustomerOperations
from dashboard.api.dead_letters import LetterOperations
from dashboard.api.handoffs import HandoffOperations
from dashboard.api.knowledge import KnowledgeOperations
from dashboard.api.leads import LeadOperations
from dashboard.api.operation import Operation
from dashboard.api.suggestions import SuggestionOperations
from dashboard.api.support import SupportOperations
from dashboard.live import Hub
from knowledge.embedder import Embedders
from store.postgres import Pool
from store.status import Status


def operations(pool: Pool, hub: Hub, look: Callable[[], Awaitable[Status]], embedders: Embedders) -> list[Operation]:
    """In the order in which they are documented."""
    return [
        *LeadOperations(pool, hub).table(),
        *CustomerOperations(pool, hub).table(),
        *HandoffOperations(pool).table(),
        *SuggestionOperations(pool, hub).table(),
        *SupportOperations(pool, hub).table(),
        *KnowledgeOperations(pool, embedders).table(),
        *LetterOperations(pool, look).table(),
    ]
