"""Credits that go back with their money: frozen, then free again or gone, perhaps returned."""

from typing import NamedTuple

from shared.contracts.credits import (
    FreezeReleased,
    FreezeRequested,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
)
from tests.credits.rules.model.purse import Claim, Entry, Purse, World
from tests.credits.rules.seen import Answer, Audited, Fact, Seen


class Demand(NamedTuple):
    """So many credits of a bucket are to go, of a refund or a dispute."""

    kind: str
    about: str
    credits: int
    bucket: str
    forced: bool
    topic: str


def freeze(_: World, purse: Purse, said: FreezeRequested) -> list[Seen]:
    """All or nothing, unless a part will do; whatever the account's status is."""
    about, claim = said.refund_id, purse.claims.get(("refund", said.refund_id))
    if claim and claim.asked == said and claim.answer:
        return [claim.answer._replace(replayed=True)]
    if claim and claim.asked:
        return [Answer(about, "conflict", state=claim.state)]
    if claim:
        claim.asked, claim.answer = said, Answer(about, "conflict", state=claim.state)
        return [claim.answer]
    claim = purse.claims["refund", about] = Claim("refused", said)
    left = min(said.credits, purse.bucket(said.bucket), purse.available())
    if left < said.credits and not said.allow_partial:
        claim.answer = Answer(about, "refund.exceeds.unspent", unspent=left)
        return [claim.answer]
    told = frozen(purse, ("refund", about), left, said.credits)
    free = purse.available()
    claim.answer = Answer(about, held=left, available=free, unspent=left)
    return [claim.answer, told]


def frozen(purse: Purse, key: tuple[str, str], left: int, wanted: int) -> Fact:
    claim = purse.claims[key]
    claim.state, claim.frozen = "frozen", left
    purse.version += bool(left)
    return purse.fact("reserved", key[1], left)._replace(rest=wanted)


def freed(purse: Purse, kind: str, about: str, reason: str) -> list[Seen]:
    """What is frozen is free; what was never heard of is remembered."""
    claim = purse.claims.setdefault((kind, about), Claim("released"))
    if claim.state != "frozen":
        return []
    claim.state = "released"
    purse.version += bool(claim.frozen)
    return [purse.fact("released", about, claim.frozen)._replace(reason=reason)]


def released(_: World, purse: Purse, said: FreezeReleased) -> list[Seen]:
    return freed(purse, "refund", said.refund_id, "refund_failed")


def refunded(world: World, purse: Purse, said: PaymentRefunded) -> list[Seen]:
    claim = purse.claims.setdefault(("refund", said.refund_id), Claim("released"))
    if claim.taken is not None:
        return []
    demand = Demand(
        "refund", said.refund_id, said.credits_to_revoke, said.bucket, said.forced, said.topic
    )
    was_taken_back = claim.state == "reversed"
    told = revoked(world, purse, demand)
    return [*told, *returned(world, purse, claim, said.refund_id)] if was_taken_back else told


def revoked(world: World, purse: Purse, demand: Demand) -> list[Seen]:
    """What is frozen for it, wherever it lies; then what its own bucket has free."""
    claim = purse.claims[demand.kind, demand.about]
    reserved = claim.frozen if claim.state == "frozen" else 0
    claim.state = "revoked"
    sure, own = min(reserved, demand.credits), purse.bucket(demand.bucket)
    taken = min(sure, own)
    other = sure - taken
    taken += min(demand.credits - sure, own - taken, purse.available() - sure)
    claim.taken = (-taken, -other) if demand.bucket == "plan" else (-other, -taken)
    if taken + other:
        purse.entries.append(Entry(*claim.taken, world.month))
    purse.version += bool(reserved or taken + other)
    fact = purse.fact("revoked", demand.about, taken + other)
    told: list[Seen] = [fact._replace(shortfall=demand.credits - taken - other)]
    if demand.forced:
        told.append(Audited(demand.topic, demand.kind, demand.about))
    return told


def reversed_(world: World, purse: Purse, said: RefundReversed) -> list[Seen]:
    """Once; before the refund was heard of it is remembered."""
    told = freed(purse, "refund", said.refund_id, "refund_failed")
    claim = purse.claims["refund", said.refund_id]
    if claim.state == "revoked":
        return returned(world, purse, claim, said.refund_id)
    claim.state = "reversed"
    return told


def returned(world: World, purse: Purse, claim: Claim, about: str) -> list[Seen]:
    """Each credit into the bucket that gave it."""
    claim.state, (plan, purchased) = "reversed", claim.taken or (0, 0)
    if plan or purchased:
        purse.entries.append(Entry(-plan, -purchased, world.month))
        purse.version += 1
    return [purse.fact("granted", about, -plan - purchased)]


def disputed(world: World, purse: Purse, said: PaymentDisputed) -> list[Seen]:
    """Won or lost ends it, also when that is heard first."""
    key, bucket = ("dispute", said.dispute_id), said.bucket
    claim = purse.claims.get(key)
    if claim and claim.state in ("released", "revoked"):
        return []
    match said.state:
        case "opened" if claim is None:
            purse.claims[key] = Claim("frozen")
            left = min(said.credits, purse.bucket(bucket), purse.available())
            return [frozen(purse, key, left, said.credits)]
        case "won":
            return freed(purse, *key, "dispute_won")
        case "lost":
            purse.claims.setdefault(key, Claim("released"))
            return revoked(world, purse, Demand(*key, said.credits, bucket, True, said.topic))  # noqa: FBT003 - A dispute that is lost is by force.
    return []
