"""Which person a command is about, as given by an operator."""

import sys

from domain.phone import Phones
from store.mirror.who import Ambiguous
from store.postgres import Pool
from store.privacy.person import StoredPerson, person

FORMS = "id of the contact or lead, a number in any form, a business-scoped id, an e-mail, @username"


async def find_person(pool: Pool, given: str, phones: Phones) -> StoredPerson | int:
    """Return the person. If none or several match, print that and return the exit code."""
    try:
        who = await person(pool, given, phones)
    except Ambiguous as error:
        print(error, file=sys.stderr)
        return 2
    if who is None:
        print("Nobody of that name is stored here.", file=sys.stderr)
        return 1
    return who
