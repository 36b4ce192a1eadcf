"""Commands of more than one step (`contract.md` 1.1): a request row remembers who waits for what.

The batch that reads such a command writes its row and lets go of it. What comes back is another
message of the same account, and the batch that reads that one writes effect, outcome and the reply
to every address. Nothing ever waits inside a batch.

`rows`     the request row;  `rules`  what may become of it;  `store`  its SQL;  `tables`  its table
`replies`  from what the rules say to records
"""

from shared.steps.replies import address_of, post
from shared.steps.rows import MOST_ADDRESSES, Address, RequestRow, Requests, ticket_of
from shared.steps.rules import DeadlineDue, Final, begin, expire, finish, go_on, outcome_of
from shared.steps.store import due, load, save
from shared.steps.tables import describe_step_tables

__all__ = [
    "MOST_ADDRESSES",
    "Address",
    "DeadlineDue",
    "Final",
    "RequestRow",
    "Requests",
    "address_of",
    "begin",
    "describe_step_tables",
    "due",
    "expire",
    "finish",
    "go_on",
    "load",
    "outcome_of",
    "post",
    "save",
    "ticket_of",
]
