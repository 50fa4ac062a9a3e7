"""Choose the stream of a delivery: all events of one person go into the same stream (pure).

Any stream is correct, because rows merge in any order. Two drains write faster if each has its own people: their
batches then do not wait for the same rows.
"""

import re
from typing import Final
from zlib import crc32

# Keys that name the customer, in the order in which they are looked for. A number stands in nearly every event; without
# one, the business-scoped id does. The search is by bytes: nothing is parsed.
KEYS: Final = (rb'"phone_number"\s*:\s*"', rb'"wa_id"\s*:\s*"', rb'"(?:from|to|recipient_id)"\s*:\s*"')
NUMBER: Final = tuple(re.compile(key + rb'\+?([0-9]{6,20})"') for key in KEYS)
ID: Final = re.compile(rb'"(?:business_scoped_user_id|from_user_id|user_id)"\s*:\s*"([^"]{1,128})"')
# Beyond that it is a batch of many, and its first person stands near its beginning.
LOOKED_AT: Final = 16_384


def shard_of(body: bytes, shards: int) -> int | None:
    """The stream of the first person that the body names; None if it names none."""
    if shards == 1:
        return 0
    head = body[:LOOKED_AT]
    found = next((match for pattern in (*NUMBER, ID) if (match := pattern.search(head))), None)
    return crc32(found[1]) % shards if found else None
