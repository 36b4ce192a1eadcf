"""What everybody was told of members stands in their rows: role, state, sites, and who it is."""

from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from services.limits.book import Member, MemberKey
from services.limits.store import members
from shared.contracts.limits import Member as SaidMember
from shared.contracts.limits import MemberChanged
from shared.postgres import Transaction
from shared.verify.order import Heard, identity
from shared.verifying import Finding, Violation

MEMBERS_A_TIME = 1000


class Looks(NamedTuple):
    """What of a member changes only with a word."""

    role: str
    state: str
    user_id: str | None
    sites: frozenset[str]


@dataclass(slots=True)
class Team:
    """The last that was told of each member before we looked, and all that was told since.

    One of these is how he stands; what is told twice is told once.
    """

    _heard: set[bytes] = field(default_factory=set)
    _may_be: dict[MemberKey, list[Looks]] = field(default_factory=dict)

    def hear(self, heard: Heard[MemberChanged], sure: int) -> None:
        name = identity(heard.record)
        if name in self._heard:
            return
        self._heard.add(name)
        if heard.record.offset < sure:
            self._may_be.pop(key_of(heard.said), None)
        self.hear_later(heard.said)

    def hear_later(self, said: MemberChanged) -> None:
        self._may_be.setdefault(key_of(said), []).append(looks_of(said.member))

    async def compare(self, tx: Transaction, finding: Finding) -> None:
        """Look at each member of whom anything was told, so many at a time."""
        keys = iter(self._may_be)
        while some := list(islice(keys, MEMBERS_A_TIME)):
            rows = await members.known(tx, some)
            stand = {key: looks_of(row) for key, row in rows.items()}
            finding.checked += len(some)
            for key in some:
                if stand.get(key) not in self._may_be[key]:
                    finding.add(otherwise(key, self._may_be[key][-1], stand.get(key)))


def key_of(said: MemberChanged) -> MemberKey:
    return said.account_id, said.member.member_id


def looks_of(member: Member | SaidMember) -> Looks:
    return Looks(member.role, member.state, member.user_id, frozenset(member.site_access))


def otherwise(key: MemberKey, told: Looks, stands: Looks | None) -> Violation:
    account_id, member_id = key
    what = "a member was announced in one way and stands in another"
    return Violation(
        account_id,
        what,
        {
            "member_id": member_id,
            "announced": {"role": told.role, "state": told.state},
            "stored": {"role": stands.role, "state": stands.state} if stands else None,
        },
    )
