"""`team.members`: members and invitations in the order in which they came, a page at a time."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from services.limits import outcomes
from services.limits.queries.books import Books, open_accounts
from services.limits.store.members import FIELDS, member_of
from shared.asking import Question
from shared.contracts.errors import Error
from shared.contracts.limits import Seats, Team, TeamMember
from shared.contracts.limits.queries import AskTeam
from shared.contracts.types import Uuid
from shared.keyset import cursor_of, start_of
from shared.lanes import lane_of
from shared.postgres import Record

Asked: TypeAlias = Question[AskTeam]

QUERY = AskTeam.query
# Ids rise with time: whoever came first stands first.
MATCHES = """
    (asked.states IS NULL OR state = ANY (string_to_array(asked.states, ',')))
    AND (asked.search IS NULL OR strpos(email, asked.search) > 0
         OR strpos(lower(coalesce(user_id, '')), asked.search) > 0)
"""
OF_ONE = f"""
    SELECT asked.place, found.*
    FROM unnest($1::text[], $2::text[], $3::int[], $4::uuid[], $5::uuid[], $6::smallint[])
         WITH ORDINALITY AS asked (states, search, size, account_id, after_id, lane, place)
    CROSS JOIN LATERAL (
        SELECT {FIELDS} FROM members
        WHERE members.lane = asked.lane AND members.account_id = asked.account_id
          AND members.member_id > asked.after_id AND {MATCHES}
        ORDER BY members.member_id LIMIT asked.size
    ) AS found ORDER BY asked.place, found.member_id::uuid
"""  # noqa: S608 - Constants of this file and of the store.
# Across the lanes, account by account.
OF_ALL = f"""
    SELECT asked.place, found.*
    FROM unnest($1::text[], $2::text[], $3::int[], $4::uuid[], $5::uuid[])
         WITH ORDINALITY AS asked (states, search, size, account_id, after_id, place)
    CROSS JOIN LATERAL (
        SELECT {FIELDS} FROM members
        WHERE (members.account_id, members.member_id) > (asked.account_id, asked.after_id)
          AND {MATCHES}
        ORDER BY members.account_id, members.member_id LIMIT asked.size
    ) AS found ORDER BY asked.place, found.account_id::uuid, found.member_id::uuid
"""  # noqa: S608 - Constants of this file and of the store.


class Place(NamedTuple):
    """Where a member stands among the others."""

    account_id: Uuid
    member_id: Uuid


NOBODY = str(UUID(int=0))
BEGIN = Place(NOBODY, NOBODY)


async def teams(books: Books, questions: Sequence[Asked]) -> list[Team | Error]:
    """Pages of single teams, each with its seats."""
    found = await pages(books, questions, OF_ONE)
    book = await open_accounts(books, {asked.account for asked in questions})
    answers: list[Team | Error] = []
    for asked, page in zip(questions, found, strict=True):
        room = book.room(book.accounts[asked.account], "users")
        seats = Seats(current=room.used, held=room.held, limit=room.limit)
        has_seats = isinstance(page, Team)
        answers.append(msgspec.structs.replace(page, seats=seats) if has_seats else page)
    return answers


async def everybody(books: Books, questions: Sequence[Asked]) -> list[Team | Error]:
    """Pages of all teams together, for developers."""
    return await pages(books, questions, OF_ALL)


async def pages(books: Books, questions: Sequence[Asked], statement: str) -> list[Team | Error]:
    """A page each, but for who brings a cursor that is none of ours."""
    starts = [start_of(asked.params.page, QUERY, Place) for asked in questions]
    places = [place for place, start in enumerate(starts) if not isinstance(start, Error)]
    wanted = [columns_of(questions[place], starts[place]) for place in places]
    rows: dict[int, list[Record]] = {place: [] for place in places}
    if wanted:
        for row in await books.tx.fetch(statement, *zip(*wanted, strict=True)):
            rows[places[row["place"] - 1]].append(row)
    return [
        start if isinstance(start, Error) else page_of(rows[place], asked)
        for place, (asked, start) in enumerate(zip(questions, starts, strict=True))
    ]


def columns_of(asked: Asked, start: Place | Error | None) -> tuple[object, ...]:
    """What a statement takes of a question; one row more tells whether a page follows."""
    said, owner = asked.params, asked.account_id
    assert not isinstance(start, Error), "whose cursor is none of ours is not looked up"
    after = start or BEGIN
    matches = (
        None if said.state is None else ",".join(said.state),
        None if said.search is None else said.search.lower(),
        said.page.size + 1,
    )
    if owner is None:
        return *matches, after.account_id, after.member_id
    return *matches, owner, after.member_id, lane_of(owner)


def page_of(rows: Sequence[Record], asked: Asked) -> Team:
    size = asked.params.page.size
    shown, is_of_all = rows[:size], asked.account_id is None
    members = [member_of(row) for row in shown]
    last = members[-1] if len(rows) > size else None
    return Team(
        rows=[
            TeamMember(
                account_id=member.account_id if is_of_all else None,
                **msgspec.structs.asdict(outcomes.member(member)),
            )
            for member in members
        ],
        next_cursor=None if last is None else cursor_of(QUERY, (last.account_id, last.member_id)),
    )
