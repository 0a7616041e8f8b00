"""The numbers that the lake knows sessions by: when each began, and a hash of its id.

A session's id says when it began, so that a late event that moves its start makes another session of it, in the files
of all of its days. The upper 32 bits of its number are the second, up to 2106, those below the millisecond and 20 bits
of the hash. Many begin on whole seconds, where no milliseconds are told: there the hash has 30 bits, and a bit above
them is set.
"""

from datetime import datetime
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from footfall.schemas.session import SessionBegin

NONE = 0
"""The number of no session."""
NEVER = -(2**63)
"""The time that there is none, as numpy has it."""
SECOND = 1_000
BITS, HASH_BITS = 31, 20
HASHES, WHOLE = 1 << HASH_BITS, 1 << 30
UNIX = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def session_number(session: SessionBegin) -> int:
    """Returns a session's number, by its id and when it began."""
    since = session["started_at"] - UNIX
    second, millisecond = since.days * 86_400 + since.seconds, since.microseconds // SECOND
    hashed = int.from_bytes(blake2b(session["session_id"].encode(), digest_size=8).digest())
    within = millisecond << HASH_BITS | hashed % HASHES if millisecond else WHOLE | hashed % WHOLE
    return second << BITS | within


def starts_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns when sessions began, in Unix milliseconds, by their numbers; NEVER for none."""
    milliseconds = (numbers & (WHOLE - 1)) >> HASH_BITS
    milliseconds[numbers & WHOLE != 0] = 0
    return np.where(numbers == NONE, NEVER, (numbers >> BITS) * SECOND + milliseconds)
