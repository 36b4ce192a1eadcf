"""What was said of use, runs, alerts and changes by hand is what the books say of them (I11).

Each of these comes in the transaction of what it tells of, and in one parcel with the other facts
of it; so it is not asked row by row whether anybody was told. Prices have a check of their own, and
`service.health.reported` tells of nothing that is kept.
"""

from types import MappingProxyType

from services.credits.verify import run_sayings, usage_sayings
from shared.contracts.credits import OBEYED
from shared.verify.kept import kinds_of
from shared.verify.sayings import Kinds, check

KINDS: Kinds = MappingProxyType(
    {
        **run_sayings.KINDS,
        **usage_sayings.KINDS,
        **kinds_of("credits", {message.topic for message in OBEYED}),
    }
)
TOPICS = tuple(KINDS)
CHECKS = (check(KINDS),)
