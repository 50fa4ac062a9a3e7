"""One task of a program: a customer is fetched once, however many of its steps need them."""

from collections.abc import Mapping
from typing import Any

from kapso_crm.interface import FIELDS, Crm, Customer, Outcome


class Task:
    """Make one for each task, and drop it afterwards: what it holds is as old as the task."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._known: dict[str, Customer | None] = {}

    async def find(self, id: str) -> Customer | None:
        if id not in self._known:
            self._known[id] = await self._crm.find(id)
        return self._known[id]

    async def update(self, id: str, values: Mapping[str, Any], *, version: int | None = None) -> Outcome:
        self._known.pop(id, None)  # if the version is refused, the next step must read the newer one
        done = await self._crm.update(id, values, version=version)
        self._known[id] = done.customer
        return done

    async def context(self, id: str) -> dict[str, Any]:
        """What later steps need of the customer: customer_id, customer_name and so on; each None where there is none.

        customer_last_service is customer_last_service_date by another name.
        """
        found = dict.fromkeys(FIELDS) | (await self.find(id) or {})
        named = {f"customer_{name}": value for name, value in found.items()}
        return named | {"customer_last_service": found["last_service_date"]}
