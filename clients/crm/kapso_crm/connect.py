"""Which CRM a program uses: `CRM_URL` and `CRM_KEY` of its environment say."""

import os
from collections.abc import Mapping

from kapso_crm.interface import Crm, CrmError
from kapso_crm.mock import MockCrm
from kapso_crm.service import CrmService

MOCK = "mock:"


def connect(environment: Mapping[str, str] = os.environ) -> Crm:
    """`CRM_URL=mock:` is a CRM in memory; else it is the URL of a mirror's web process, and `CRM_KEY` an API key of it.

    Raises CrmError where one of them is not set.
    """
    url = environment.get("CRM_URL", "")
    if url == MOCK:
        return MockCrm()
    if not url or not environment.get("CRM_KEY"):
        raise CrmError("set CRM_URL (mock: for one in memory) and CRM_KEY (mirror api-keys add)")
    return CrmService(url, environment["CRM_KEY"])
