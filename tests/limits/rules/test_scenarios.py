"""The scenarios of limits (`scenarios.md`), decided by the rules alone."""

from datetime import UTC, datetime, timedelta

from services.limits.domain import BY_A_SERVICE
from shared.contracts.limits import (
    LimitDenied,
    MemberRemoveReplied,
    OverageCleared,
    OverageDetected,
    ThresholdReached,
    WindowOpened,
)
from tests.hearing import all_of, only, refused, to_customers
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    asks_for_site,
    confirmed,
    ended,
    invite,
    keywords_gone,
    released,
    remove,
    site_failed,
    site_gone,
    site_made,
)
from tests.limits.rules.desk import (
    BY_ADMIN,
    BY_OWNER,
    NOON,
    approved,
    desk_on,
    held,
    invited,
    use,
)
from tests.making import on_plan, uuid


def test_s16_a_downgrade_takes_nothing_away_and_lets_nothing_new_in() -> None:
    desk = desk_on("growth", keywords=3_200, queries=120)
    desk.tell(*[site_made(number) for number in range(1, 5)])
    for number in (11, 12):
        member = invited(desk.tell(invite(number), asked=BY_ADMIN)).member_id
        desk.tell(accepted(member, f"user-{number}"))
    desk.end_batch()

    said = desk.tell(on_plan("starter", version=2))

    over = {item.type: item.over_by for item in only(OverageDetected, said).items}
    assert over == {"sites": 2, "users": 1, "keywords": 2_200}
    assert {alert.kind for alert in to_customers(said)} == {"limits.overage"}
    assert desk.used("sites") == (4, 0)
    error = refused(desk.tell(asks_for_site(30), asked=BY_OWNER))
    assert (error.current, error.limit, error.over_by) == (4, 2, 2)
    queries = desk.row("ahrefs_queries")
    assert (queries.remaining, queries.resets_at) == (0, "2026-02-01T00:00:00.000Z")

    said = desk.tell(keywords_gone(*range(2_200)))
    assert only(OverageCleared, said).items[0].type == "keywords"
    assert all_of(OverageCleared, desk.tell(keywords_gone(9_999))) == []
    assert desk.row("keywords").current == 999
    assert held(desk.tell(asks_for(40, 1))).available == 0
    assert refused(desk.tell(asks_for(41, 1))).code == "limit.reached"


def test_s17_the_keyword_box_says_what_to_do() -> None:
    desk = desk_on("starter", keywords=1_000)

    said = desk.tell(asks_for(1, 1))

    error = refused(said)
    assert (error.code, error.title) == ("limit.reached", "Keyword Limit Reached")
    numbers = error.current, error.limit, error.requested, error.available
    assert numbers == (1_000, 1_000, 1, 0)
    suggestions = [(one.kind, one.plan_code, one.limit) for one in error.suggestions]
    assert suggestions == [("delete_unused", None, None), ("upgrade_plan", "growth", 5_000)]
    labels = [action.label for action in error.actions]
    assert labels == ["Manage Keywords", "Upgrade Plan", "Cancel"]
    assert "402" not in error.message
    assert "Error" not in error.message
    assert only(LimitDenied, said).reason == "limit_reached"


def test_s19_two_imports_at_the_same_time_share_what_is_left() -> None:
    desk = desk_on("starter", keywords=847)

    first = held(desk.tell(asks_for(1, 100, allow_partial=True)))
    second = held(desk.tell(asks_for(2, 100, allow_partial=True)))

    assert (first.granted, second.granted) == (100, 53)
    assert desk.used("keywords") == (847, 153)
    desk.tell(confirmed(first.hold_id, 100), confirmed(second.hold_id, 53))
    assert desk.used("keywords") == (1_000, 0)


def test_s19_a_hold_of_a_worker_that_died_ends_and_what_it_wrote_counts_once() -> None:
    desk = desk_on("starter", keywords=847)
    hold = held(desk.tell(asks_for(1, 100, ttl_s=1_800)))

    desk.until(NOON + timedelta(minutes=30))
    assert desk.used("keywords") == (847, 0)
    desk.tell(confirmed(hold.hold_id, 100), confirmed(hold.hold_id, 100))

    assert desk.used("keywords") == (947, 0)


def test_s20_live_research_ends_at_its_limit_until_the_month_does() -> None:
    desk = desk_on("starter", queries=49)
    failed = held(desk.tell(asks_for(1, 1, "ahrefs_queries")))
    desk.tell(released(failed.hold_id))
    assert desk.used("ahrefs_queries") == (49, 0)

    use(desk, 2, 1, "ahrefs_queries")
    error = refused(desk.tell(asks_for(3, 1, "ahrefs_queries")))

    assert error.title == "Keyword Research Limit Reached"
    assert error.resets_at == "2026-02-01T00:00:00.000Z"
    kinds = [suggestion.kind for suggestion in error.suggestions]
    assert kinds == ["wait_reset", "browse_free", "upgrade_plan"]


def test_s20_free_has_no_live_research_and_hears_which_plan_has() -> None:
    error = refused(desk_on("free").tell(asks_for(1, 1, "ahrefs_queries")))

    assert (error.code, error.plan_code, error.limit) == ("feature.not.included", "starter", 0)
    upgrade = error.suggestions[-1]
    assert (upgrade.kind, upgrade.plan_code, upgrade.limit) == ("upgrade_plan", "starter", 50)


def test_s20_of_ten_queries_at_once_five_run() -> None:
    desk = desk_on("starter", queries=45)

    said = desk.tell(*[asks_for(number, 1, "ahrefs_queries") for number in range(10)])

    assert len(all_of(LimitDenied, said)) == 5
    assert desk.used("ahrefs_queries") == (45, 5)


def test_s21_a_new_month_begins_at_nothing_and_each_query_counts_in_its_own() -> None:
    desk = desk_on("starter", queries=49)
    desk.until(datetime(2026, 1, 31, 23, 59, 57, tzinfo=UTC))
    fiftieth = held(desk.tell(asks_for(1, 1, "ahrefs_queries")))
    desk.until(datetime(2026, 1, 31, 23, 59, 58, tzinfo=UTC))
    assert refused(desk.tell(asks_for(2, 1, "ahrefs_queries"))).code == "limit.reached"

    said = desk.until(datetime(2026, 2, 1, tzinfo=UTC))

    opened = only(WindowOpened, said)
    assert (opened.window, opened.resets_at) == ("2026-02", "2026-03-01T00:00:00.000Z")
    desk.until(datetime(2026, 2, 1, 0, 0, 3, tzinfo=UTC))
    version = desk.account().version
    desk.tell(confirmed(fiftieth.hold_id, 1))
    assert desk.used("ahrefs_queries") == (0, 0)
    assert desk.account().version == version
    assert desk.account().counters["ahrefs_queries", "2026-01"].used == 50
    assert held(desk.tell(asks_for(3, 1, "ahrefs_queries"))).window == "2026-02"
    assert desk.used("users") == (1, 0)


def test_s22_of_two_sites_at_once_for_one_place_one_is_approved() -> None:
    desk = desk_on("starter")
    desk.tell(site_made(1))

    first = approved(desk.tell(asks_for_site(11), asked=BY_OWNER))
    error = refused(desk.tell(asks_for_site(12), asked=BY_OWNER))

    assert (first.current, first.limit, first.available) == (2, 2, 0)
    assert (error.title, error.held) == ("Site Limit Reached", 1)
    desk.tell(site_failed(hold_id=first.hold_id))
    second = approved(desk.tell(asks_for_site(13), asked=BY_OWNER))
    desk.until(NOON + timedelta(minutes=10))
    assert desk.used("sites") == (1, 0)
    desk.tell(site_made(2, hold_id=second.hold_id), site_made(2, hold_id=second.hold_id))
    assert desk.used("sites") == (2, 0)
    desk.tell(site_gone(1))
    assert desk.used("sites") == (1, 0)


def test_s22_two_hundred_at_once_get_exactly_as_many_as_there_is_room_for() -> None:
    desk = desk_on("growth")

    said = desk.tell(*[asks_for_site(number) for number in range(200)], asked=BY_OWNER)

    assert len(all_of(LimitDenied, said)) == 195
    assert desk.used("sites") == (0, 5)


def test_s22_an_open_invitation_takes_a_seat_until_it_ends() -> None:
    desk = desk_on("starter")
    first = invited(desk.tell(invite(1), asked=BY_OWNER))

    assert refused(desk.tell(invite(2), asked=BY_OWNER)).title == "Team Limit Reached"
    assert desk.until(NOON + timedelta(days=7, milliseconds=-1)) == []
    desk.until(NOON + timedelta(days=7))

    assert desk.used("users") == (1, 0)
    assert invited(desk.tell(invite(3), asked=BY_OWNER)).current == 2
    assert desk.tell(ended(first.member_id)) == []


def test_s22_the_last_owner_stays() -> None:
    desk = desk_on("starter")
    (owner,) = desk.book.members.values()

    said = desk.tell(remove(owner.member_id), asked=BY_OWNER)

    assert only(MemberRemoveReplied, said).error is not None
    assert refused(said).code == "conflict"
    assert (owner.state, owner.user_id) == ("active", OWNER)


def test_s24_each_mark_is_told_once_a_month() -> None:
    desk = desk_on("starter", keywords=799)

    crossing = [use(desk, 1, 1), use(desk, 2, 100), use(desk, 3, 100)]

    alerts = [to_customers(said)[0] for said in crossing]
    assert [alert.severity for alert in alerts] == ["info", "warning", "error"]
    facts = [only(ThresholdReached, said) for said in crossing]
    assert [(fact.threshold, fact.used) for fact in facts] == [(80, 800), (90, 900), (100, 1_000)]
    desk.tell(keywords_gone(*range(210)))
    assert desk.row("keywords").current == 790
    assert all_of(ThresholdReached, use(desk, 4, 210)) == []


def test_s24_a_jump_tells_the_highest_mark_alone() -> None:
    desk = desk_on("starter", keywords=700)

    (alert,) = to_customers(use(desk, 1, 300))

    assert (alert.threshold, alert.severity, alert.about) == (100, "error", "keywords")
    desk.tell(keywords_gone(*range(300)))
    assert to_customers(use(desk, 2, 250)) == []


def test_s24_another_tenants_ids_are_unknown_ones() -> None:
    desk = desk_on("starter")
    hold = held(desk.tell(asks_for(1, 10)))
    bob = uuid(0xB)

    desk.tell(confirmed(hold.hold_id, 10, bob), released(hold.hold_id, bob), asked=BY_A_SERVICE)

    assert desk.used("keywords") == (0, 10)
