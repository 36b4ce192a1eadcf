"""Holds and what becomes of them; sites; keywords that are deleted."""

from datetime import timedelta

from shared.contracts.limits import (
    HoldConfirmed,
    HoldReleased,
    HoldRequested,
    KeywordDeleted,
    SiteCreated,
    SiteCreationFailed,
    SiteCreationRequested,
    SiteDeleted,
)
from tests.limits.rules.model.room import denied, no, refusal
from tests.limits.rules.model.world import (
    KEYWORDS,
    SITES,
    USERS,
    Customer,
    Hold,
    World,
    wire,
)
from tests.limits.rules.seen import Answer, Dead, Seen

SITE_REQUESTS = "site.creation.requested"
OPEN = "held", "expired"  # To be confirmed, or not.


def requested(
    world: World, one: Customer, said: HoldRequested | SiteCreationRequested
) -> list[Seen]:
    known = one.holds.get((said.topic, said.request_id))
    if known is not None and known.asked is not None and known.answer is not None:
        if known.asked == said:
            return [known.answer._replace(again=True)]
        return [Answer("conflict", ("hold", known.state, None))]
    if known is not None:
        return [too_late(world, one, known, said)]
    kind, wanted, seconds, less = wish(said)
    reason = refusal(world, one, kind, wanted, less_will_do=less)
    if reason:
        answer = no(world, one, kind, wanted, reason)
        fact = denied(world, one, said, kind, wanted, reason)
        if reason != "plan_unknown":
            row = Hold(kind, one.month, world.now, "refused", asked=said, answer=answer)
            one.holds[said.topic, said.request_id] = row
        return [answer, fact]
    free = world.free(one, kind)
    got = wanted if free is None else min(free, wanted)
    until = world.now + timedelta(seconds=seconds)
    row = Hold(kind, one.month, until, "held", got, asked=said)
    one.holds[said.topic, said.request_id] = row
    row.answer = yes(world, one, row, "ok" if got == wanted else "partial")
    return [row.answer]


def wish(said: HoldRequested | SiteCreationRequested) -> tuple[str, int, int, bool]:
    if isinstance(said, SiteCreationRequested):
        return SITES, 1, 600, False
    return said.limit_type, said.quantity, said.ttl_s, said.allow_partial


def yes(world: World, one: Customer, row: Hold, code: str) -> Answer:
    used, held, limit, _ = world.row(one, row.kind)
    room = used + held, limit, world.free(one, row.kind)
    of_a_site = isinstance(row.asked, SiteCreationRequested)
    rest = (None, None) if of_a_site else (row.got, row.month)
    return Answer(code, (*room, *rest, wire(row.until)))


def too_late(
    world: World, one: Customer, row: Hold, said: HoldRequested | SiteCreationRequested
) -> Answer:
    """Whoever asks for a site that is there already, or has failed."""
    row.asked = said
    if row.state == "confirmed":
        row.answer = yes(world, one, row, "ok")
    else:
        row.answer = Answer("conflict", ("hold", "released", None))
    return row.answer


def named(world: World, one: Customer, said: SiteCreated | SiteCreationFailed) -> Hold | None:
    """The hold of a site, by its id or by its request."""
    row = world.hold(said.account_id, said.hold_id)
    row = row or one.holds.get((SITE_REQUESTS, said.request_id or ""))
    return row if row is not None and row.kind == SITES else None


def unheard(world: World, one: Customer, request: str | None, state: str) -> None:
    if request is not None:
        one.holds[SITE_REQUESTS, request] = Hold(SITES, one.month, world.now, state, 1)


def site_created(world: World, one: Customer, said: SiteCreated) -> list[Seen]:
    row, is_new = named(world, one, said), (SITES, said.site_id) not in one.things
    one.things.setdefault((SITES, said.site_id), True)
    if row is None:
        unheard(world, one, said.request_id, "confirmed")
    elif row.state in OPEN:
        row.state = "confirmed" if is_new else "released"
    return []


def site_failed(world: World, one: Customer, said: SiteCreationFailed) -> list[Seen]:
    row = named(world, one, said)
    if row is None:
        unheard(world, one, said.request_id, "released")
    elif row.state in OPEN:
        row.state = "released"
    return []


def site_deleted(_: World, one: Customer, said: SiteDeleted) -> list[Seen]:
    one.things[SITES, said.site_id] = False
    return []


def keywords_deleted(_: World, one: Customer, said: KeywordDeleted) -> list[Seen]:
    one.things |= {(KEYWORDS, each): False for each in said.keyword_ids}
    return []


def confirmed(world: World, one: Customer, said: HoldConfirmed) -> list[Seen]:
    row = world.hold(said.account_id, said.hold_id)
    if row is None or said.quantity > row.got:
        return [Dead("unfit")]
    resources = set(said.resources) if row.kind in (SITES, USERS) else set()
    if len(resources) > said.quantity:
        return [Dead("unfit")]
    if row.state in OPEN and said.quantity == 0:
        row.state = "released"
    if row.state in OPEN:
        row.state, row.nameless = "confirmed", said.quantity - len(resources)
        for each in resources:
            one.things.setdefault((row.kind, each), True)
    return []


def released(world: World, _: Customer, said: HoldReleased) -> list[Seen]:
    row = world.hold(said.account_id, said.hold_id)
    if row is None:
        return [Dead("unfit")]
    if row.state in OPEN:
        row.state = "released"
    return []


def lapsed(world: World, account: str, hold_id: str) -> list[Seen]:
    row = world.hold(account, hold_id)
    if row is not None and row.state == "held" and row.until <= world.now:
        row.state = "expired"
    return []
