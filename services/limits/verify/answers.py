"""What every command may have been answered, from the rows that remember it (I6)."""

from collections.abc import Collection
from functools import partial
from types import MappingProxyType

import msgspec

from services.limits import outcomes, refusals
from services.limits.store import commands, holds
from shared.contracts.limits import (
    HoldReplied,
    HoldRequested,
    InviteReplied,
    InviteRequested,
    MemberRemoveReplied,
    MemberRemoveRequested,
    OwnershipTransferReplied,
    OwnershipTransferRequested,
    SiteCreationReplied,
    SiteCreationRequested,
)
from shared.contracts.message import Command, Reply
from shared.contracts.operating import reply_of
from shared.postgres import Transaction
from shared.verify.replies import Answers, Find, Key, Kind, Kinds, is_done, of_type


def of_holds(command: type[Command]) -> Find:
    """What only the end of was heard was never asked for."""

    async def find(tx: Transaction, keys: Collection[Key]) -> Answers:
        asked = {(account_id, command.topic, name) for account_id, name in keys}
        return {
            (row.account_id, row.request_id): [
                first(command, row.account_id, row.request_id, row.answer)
            ]
            for row in await holds.of_requests(tx, asked)
            if row.answer is not None
        }

    return find


def of_commands(command: type[Command]) -> Find:
    async def find(tx: Transaction, keys: Collection[Key]) -> Answers:
        asked = {(account_id, command.topic, name) for account_id, name in keys}
        return {
            (row.account_id, row.natural_key): [
                first(command, row.account_id, row.natural_key, row.answer)
            ]
            for row in (await commands.known(tx, asked)).values()
        }

    return find


def first(command: type[Command], account_id: str, name: str, answer: bytes) -> Reply:
    return reply_of(outcomes.read_stored(answer), command, account_id, name, replayed=True)


other_hold = partial(refusals.other_content, "hold")
other_invitation = partial(refusals.other_content, "invitation")
other_transfer = partial(refusals.other_content, "transfer")
removed = Kind(
    msgspec.json.Decoder(MemberRemoveReplied).decode,
    of_commands(MemberRemoveRequested),
    is_kept=is_done,
)

# Roles and limits by hand come and go under one id: the latest answer alone is kept.
KINDS: Kinds = MappingProxyType(
    {
        HoldReplied.topic: of_type(HoldReplied, of_holds(HoldRequested), other_hold),
        SiteCreationReplied.topic: of_type(
            SiteCreationReplied, of_holds(SiteCreationRequested), other_hold
        ),
        InviteReplied.topic: of_type(InviteReplied, of_commands(InviteRequested), other_invitation),
        OwnershipTransferReplied.topic: of_type(
            OwnershipTransferReplied, of_commands(OwnershipTransferRequested), other_transfer
        ),
        MemberRemoveReplied.topic: removed,
    }
)
