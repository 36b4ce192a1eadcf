"""Members: a team as a whole where a batch changes it, else whoever a message names."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeAlias

import msgspec

from services.limits.book import Book, Member, MemberKey
from services.limits.domain import Cause, InvitationDue
from shared.contracts.limits import (
    AccountOpened,
    InviteAccepted,
    InviteExpired,
    InviteRequested,
    MemberRemoveRequested,
    MemberSeen,
    OwnershipTransferRequested,
    RoleChangeRequested,
)
from shared.keys import Key, among, find
from shared.lanes import lane_of
from shared.postgres import Record, Transaction

OfATeam: TypeAlias = (
    AccountOpened
    | InviteRequested
    | InviteAccepted
    | RoleChangeRequested
    | MemberRemoveRequested
    | OwnershipTransferRequested
)
OF_A_TEAM: frozenset[type[OfATeam]] = frozenset(
    (
        AccountOpened,
        InviteRequested,
        InviteAccepted,
        RoleChangeRequested,
        MemberRemoveRequested,
        OwnershipTransferRequested,
    )
)
Naming: TypeAlias = (
    InviteAccepted
    | InviteExpired
    | RoleChangeRequested
    | MemberRemoveRequested
    | OwnershipTransferRequested
    | InvitationDue
)
NAMING_MEMBERS: frozenset[type[Naming]] = frozenset(
    (
        InviteAccepted,
        InviteExpired,
        RoleChangeRequested,
        MemberRemoveRequested,
        OwnershipTransferRequested,
        InvitationDue,
    )
)

FIELDS = """
    lane, account_id::text AS account_id, member_id::text AS member_id, role, state, email,
           invite_id::text AS invite_id, user_id, site_access::text[] AS site_access, invited_by,
           invited_at, expires_at, accepted_at, last_seen_at,
           last_seen_sites::text AS last_seen_sites
"""
FOUND = f"SELECT {FIELDS}"
WANTED = "FROM unnest($1::smallint[], $2::uuid[], $3::{}[]) AS wanted (its_lane, its_account, its)"
FIND_TEAMS = f"""
    {FOUND} FROM unnest($1::smallint[], $2::uuid[]) AS wanted (its_lane, its_account)
    CROSS JOIN LATERAL (
        SELECT * FROM members
        WHERE lane = its_lane AND account_id = its_account AND state <> 'removed' OFFSET 0
    ) AS found
"""  # noqa: S608 - Constants of this file.
FIND_EVERYBODY = FIND_TEAMS.replace("AND state <> 'removed' ", "")
FIND_BY_ID = f"""
    {FOUND} {WANTED.format("uuid")} CROSS JOIN LATERAL (
        SELECT * FROM members
        WHERE lane = its_lane AND member_id = its AND account_id = its_account OFFSET 0
    ) AS found
"""  # noqa: S608 - Constants of this file.
FIND_BY_USER = f"""
    {FOUND} {WANTED.format("text")} CROSS JOIN LATERAL (
        SELECT * FROM members
        WHERE lane = its_lane AND account_id = its_account AND user_id = its OFFSET 0
    ) AS found
"""  # noqa: S608 - Constants of this file.
FIND_DUE = """
    SELECT account_id::text, member_id::text FROM members
    WHERE state = 'invited' AND expires_at <= clock_timestamp() + make_interval(secs => $4)
      AND lane % $2::int = ANY($1::int[])
    ORDER BY expires_at LIMIT $3
"""
# An array of arrays would be flattened: the sites of each member come as a text.
SAVE = """
    INSERT INTO members (lane, account_id, member_id, role, state, email, invite_id, user_id,
                         site_access, invited_by, invited_at, expires_at, accepted_at, last_seen_at,
                         last_seen_sites)
    SELECT lane, account_id, member_id, role, state, email, invite_id, user_id,
           site_access::uuid[], invited_by, invited_at, expires_at, accepted_at, last_seen_at,
           last_seen_sites::jsonb
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                $7::uuid[], $8::text[], $9::text[], $10::text[], $11::timestamptz[],
                $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[])
         AS new (lane, account_id, member_id, role, state, email, invite_id, user_id, site_access,
                 invited_by, invited_at, expires_at, accepted_at, last_seen_at, last_seen_sites)
    ON CONFLICT (lane, member_id, account_id) DO UPDATE
    SET role = excluded.role, state = excluded.state, email = excluded.email,
        user_id = excluded.user_id, site_access = excluded.site_access,
        expires_at = excluded.expires_at, accepted_at = excluded.accepted_at,
        last_seen_at = excluded.last_seen_at, last_seen_sites = excluded.last_seen_sites
"""

NAMES = tuple(field.name for field in fields(Member) if field.name != "is_changed")
read_sites = msgspec.json.Decoder(dict[str, datetime]).decode


async def load(tx: Transaction, book: Book, causes: Sequence[Cause]) -> None:
    """Read the teams that the batch is about, and whoever else it names."""
    teams = {(book.accounts[m.account_id].lane, m.account_id) for m in among(causes, OF_A_TEAM)}
    given = among(causes, {OwnershipTransferRequested})
    left = {(book.accounts[m.account_id].lane, m.account_id) for m in given}
    rows = await find(tx, FIND_TEAMS, teams - left)
    rows += await find(tx, FIND_EVERYBODY, left)  # Whoever was removed hands over nothing.
    named = among(causes, NAMING_MEMBERS)
    rows += await find(tx, FIND_BY_ID, keys(book, ((m.account_id, m.member_id) for m in named)))
    rows += await find(tx, FIND_BY_USER, keys(book, users_in(causes)))
    for row in rows:
        member = member_of(row)
        book.members[member.account_id, member.member_id] = member


async def known(tx: Transaction, whose: Collection[MemberKey]) -> dict[MemberKey, Member]:
    """Whoever has these ids, also when he has no seat any more."""
    rows = await find(tx, FIND_BY_ID, {(lane_of(key[0]), *key) for key in whose})
    return {(one.account_id, one.member_id): one for one in map(member_of, rows)}


def users_in(causes: Sequence[Cause]) -> Iterable[tuple[str, str]]:
    """Those whom the web app names by its own ids."""
    for seen in among(causes, {MemberSeen}):
        yield seen.account_id, seen.user_id
    for opened in among(causes, {AccountOpened}):
        if opened.owner_user_id is not None:
            yield opened.account_id, opened.owner_user_id


def keys(book: Book, named: Iterable[tuple[str, str]]) -> set[Key]:
    return {(book.accounts[account_id].lane, account_id, name) for account_id, name in named}


def member_of(row: Record) -> Member:
    """Of a row with the `FIELDS`, whatever else it has."""
    said = {name: row[name] for name in NAMES}
    return Member(**{**said, "last_seen_sites": read_sites(row["last_seen_sites"])})


async def due(
    tx: Transaction, partitions: Collection[int], of: int, limit: int, offset_seconds: float
) -> list[InvitationDue]:
    """The open invitations whose time has passed, the oldest first."""
    rows = await tx.fetch(FIND_DUE, list(partitions), of, limit, offset_seconds)
    return [InvitationDue(*row) for row in rows]


async def save(tx: Transaction, book: Book) -> None:
    changed = [columns_of(member) for member in book.members.values() if member.is_changed]
    if changed:
        await tx.execute(SAVE, *zip(*changed, strict=True))


def columns_of(member: Member) -> tuple[object, ...]:
    return (
        member.lane,
        member.account_id,
        member.member_id,
        member.role,
        member.state,
        member.email,
        member.invite_id,
        member.user_id,
        f"{{{','.join(member.site_access)}}}",
        member.invited_by,
        member.invited_at,
        member.expires_at,
        member.accepted_at,
        member.last_seen_at,
        msgspec.json.encode(member.last_seen_sites).decode(),
    )
