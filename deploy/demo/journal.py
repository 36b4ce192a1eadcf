"""What the pipeline sent and what it was answered, written down as it happens."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from deploy.demo.rule import Job
from shared.contracts.credits import Authorised
from shared.contracts.errors import Error
from shared.contracts.message import Reply


class Refusal(NamedTuple):
    """Who was refused what, and why."""

    job: Job
    error: Error


@dataclass
class Journal:
    """Of one run; every job has one first answer."""

    holds: dict[str, Authorised] = field(default_factory=dict)  # By operation.
    refusals: dict[str, Refusal] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)  # Operations that a completion was sent for.
    requests: int = 0  # Sent, repeats and extensions included.
    events: int = 0
    repeats: int = 0
    unlike: int = 0  # Repeats that were answered otherwise than the first time.
    extended: int = 0
    purchases: Counter[str] = field(default_factory=Counter)  # By account.
    latencies: list[float] = field(default_factory=list)  # Seconds.

    @property
    def answered(self) -> int:
        """How many operations were granted or refused."""
        return len(self.holds) + len(self.refusals)

    def write(self, job: Job, reply: Reply) -> None:
        if isinstance(reply.data, Authorised):
            self.holds[job.operation_id] = reply.data
        else:
            assert reply.error is not None, "an answer has data or an error"
            self.refusals[job.operation_id] = Refusal(job, reply.error)

    def compare(self, first: Reply, second: Reply) -> None:
        """A repeat gets the first answer again: one of the two is marked as replayed."""
        self.repeats += 1
        alike = (first.data, first.error) == (second.data, second.error)
        if not (alike and first.replayed != second.replayed):
            self.unlike += 1
