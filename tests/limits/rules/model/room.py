"""What there is room for, and what follows when something has changed."""

from shared.contracts.limits import (
    HoldRequested,
    InviteRequested,
    SiteCreationRequested,
)
from tests.limits.rules.model.world import (
    KEYWORDS,
    QUERIES,
    SITES,
    TYPES,
    USERS,
    Customer,
    World,
    next_first,
)
from tests.limits.rules.seen import Answer, Fact, Seen, Warned

SEVERITIES = {80: "info", 90: "warning", 100: "error"}
STOPS = ("suspended", "cancelled")


def refusal(world: World, one: Customer, kind: str, wanted: int, *, less_will_do: bool) -> str:
    """In one word, or none."""
    limit, free = world.limit(one, kind), world.free(one, kind)
    if one.status[1] in STOPS:
        return one.status[1]
    if not world.is_known(one, kind):
        return "plan_unknown"
    if limit == 0:
        return "not_included"
    fits = free is None or wanted <= free or (less_will_do and free > 0)
    return "" if fits else "limit_reached"


def no(world: World, one: Customer, kind: str, wanted: int, reason: str) -> Answer:
    """The same in the words of an error."""
    used, held, limit, _ = world.row(one, kind)
    up = way_up(world, one, kind)
    match reason:
        case "suspended" | "cancelled":
            return Answer(f"account.{reason}")
        case "plan_unknown":
            return Answer("unavailable")
        case "not_included":
            code = None if one.own[kind].is_set or not up else up[0]
            return Answer("feature.not.included", (kind, code, *up))
    resets = next_first(one.month) if kind == QUERIES else None
    current = used + held
    numbers = (current, held, limit, wanted, max(0, (limit or 0) - current))
    above = max(0, current - (limit or 0))
    return Answer("limit.reached", (kind, *numbers, above, resets, *up))


def way_up(world: World, one: Customer, kind: str) -> tuple[object, ...]:
    """The cheapest plan above the account's that gives more of this; none beats its own limit."""
    if one.own[kind].is_set:
        return ("support",)
    mine = world.offers.get(one.plan[1])
    limit, paid = world.limit(one, kind), mine.dollars if mine else -1
    if limit is None:
        return ()
    for code, plan in sorted(world.offers.items(), key=lambda pair: pair[1].dollars):
        gives = plan.limits[kind]
        if plan.dollars > paid and (gives is None or gives > limit):
            return code, gives
    return ()


def denied(
    world: World,
    one: Customer,
    command: HoldRequested | SiteCreationRequested | InviteRequested,
    kind: str,
    wanted: int,
    reason: str,
) -> Fact:
    used, held, limit, _ = world.row(one, kind)
    free = world.free(one, kind)
    if reason == "plan_unknown":
        limit = free = None
    room = used + held, held, limit, free
    return Fact("limits.denied", (kind, command.subject, wanted, reason, *room))


def follows(world: World, one: Customer, before: dict[str, int]) -> list[Seen]:
    """Marks that are crossed, and limits that are passed or passed no more; alerts last."""
    told: list[Seen] = []
    for kind in TYPES:
        told += crossed(world, one, kind, before[kind])
    told += passed(world, one)
    return sorted(told, key=lambda said: isinstance(said, Warned))


def crossed(world: World, one: Customer, kind: str, before: int) -> list[Seen]:
    used, limit = one.used(kind), world.limit(one, kind)
    if limit is None or limit < 10 or used <= before:
        return []
    reached = [mark for mark in SEVERITIES if used * 100 >= mark * limit]
    if not reached or before * 100 >= max(reached) * limit:
        return []
    top = max(reached)
    if any((kind, one.month, limit, mark) in one.marks for mark in SEVERITIES if mark >= top):
        return []
    one.marks.add((kind, one.month, limit, top))
    fact = Fact("limits.threshold.reached", (kind, top, used, limit, one.month))
    return [fact, Warned("limits.threshold", kind, top, SEVERITIES[top], (used, limit))]


def passed(world: World, one: Customer) -> list[Seen]:
    """Of the limits that do not begin anew every month."""
    now = {x: world.over(one, x) for x in (SITES, USERS, KEYWORDS) if world.is_known(one, x)}
    more = [x for x, over in now.items() if over > one.over.get(x, 0)]
    less = [x for x, over in now.items() if over == 0 and one.over.get(x, 0) > 0]
    one.over.update(now)
    told: list[Seen] = []
    for topic, kinds in (("detected", more), ("cleared", less)):
        items = tuple((x, one.used(x), world.limit(one, x), now[x]) for x in kinds)
        told += [Fact(f"limits.overage.{topic}", items)] if items else []
    for x in more:
        numbers = one.used(x), world.limit(one, x)
        told.append(Warned("limits.overage", x, None, "warning", numbers))
    return told
