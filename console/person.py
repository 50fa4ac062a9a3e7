"""Which person a command is about, as given by an operator."""

import sys

from store import erase
from store.erase import Person
from store.postgres import Pool
from store.who import Ambiguous

FORMS = "id of the contact or lead, a number in any form, a business-scoped id, an e-mail, @username"


async def meant(pool: Pool, given: str) -> Person | int:
    """The person, or the exit code once it is said why there is none."""
    try:
        who = await erase.person(pool, given)
    except Ambiguous as error:
        print(error, file=sys.stderr)
        return 2
    if who is None:
        print("Nobody of that name is stored here.", file=sys.stderr)
        return 1
    return who
