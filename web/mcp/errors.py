"""Turn the errors of tools into messages for agents."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from mcp.server.mcpserver.exceptions import ToolError

from domain.field_kinds import NotAllowed
from store.leads.leads import NotFound, Stale
from store.postgres import FAULTS_OF_OURS, REFUSED, STORE_ERRORS

log = structlog.get_logger(__name__)


@contextmanager
def tool_errors() -> Iterator[None]:
    """Raise ToolError for an error inside the block. Its message says what the agent can do next."""
    try:
        yield
    except Stale as error:
        raise ToolError(
            f"the lead changed since you read it: its version is {error.current.version} now. Read it again"
        ) from None
    except NotFound as error:
        raise ToolError(f"{error}: look it up with search_leads") from None
    except NotAllowed as error:
        raise ToolError(str(error)) from None
    except REFUSED:
        raise ToolError(
            "a value can't be stored: remove NUL characters and lone surrogates from the texts, then try again"
        ) from None
    except FAULTS_OF_OURS as error:
        log.error("a tool failed", error=type(error).__name__)
        raise ToolError(
            "this failed for a reason of the mirror's own: tell a person, asking again won't help"
        ) from None
    except STORE_ERRORS:
        raise ToolError("the database does not answer now: wait some seconds and try again") from None
