"""Whatever may be said to limits, by chance; few ids, so that they meet."""

from datetime import timedelta

from hypothesis import strategies as st

from shared.contracts.message import Message
from tests.limits.making import (
    OWNER,
    accepted,
    asks_for,
    asks_for_site,
    cleared,
    confirmed,
    ended,
    invite,
    keywords_gone,
    opened,
    override,
    plan_now,
    released,
    remove,
    role,
    site_failed,
    site_gone,
    site_made,
    transfer,
)
from tests.limits.rules.desk import BY_ADMIN, BY_DEVELOPER, BY_OWNER
from tests.making import ANN, BOB, now_is, on_plan, uuid

ACCOUNTS = ANN, BOB
TYPES = "sites", "users", "keywords", "ahrefs_queries"
SOON, MINUTES, WEEK, LONG = (
    timedelta(milliseconds=1),
    timedelta(minutes=10),
    timedelta(days=7),
    timedelta(days=17),
)

accounts = st.sampled_from(ACCOUNTS)
types = st.sampled_from(TYPES)
quantities = st.sampled_from([1, 2, 5, 8, 9, 10, 12, 17, 25])
limits = st.sampled_from([None, 0, 1, 3, 10, 12, 20])
versions = st.integers(1, 5)
requests = st.integers(1, 9)
wishes = st.integers(1, 25)
transfers = st.integers(0x31, 0x36)
sites = st.integers(0x51, 0x56)
people = st.sampled_from([OWNER, "anna", "bert", "carl"])

somebody = st.sampled_from([BY_OWNER, BY_OWNER, BY_ADMIN, BY_DEVELOPER])

holds = st.builds(
    asks_for,
    wishes,
    quantities,
    st.sampled_from([*TYPES, "keywords", "keywords"]),
    accounts,
    allow_partial=st.booleans(),
    ttl_s=st.sampled_from([60, 600]),
)
site_requests = st.builds(asks_for_site, requests, accounts)


def by_request(number: int | None) -> dict[str, str]:
    return {} if number is None else {"request_id": uuid(number)}


def made(number: int, account: str, request: int | None) -> Message:
    return site_made(number, account, **by_request(request))


site_events = st.one_of(
    st.builds(made, sites, accounts, st.none() | requests),
    st.builds(site_gone, sites, accounts),
    st.builds(lambda account, n: site_failed(account, request_id=uuid(n)), accounts, requests),
)
deletions = st.builds(
    lambda account, ids: keywords_gone(*ids, account=account),
    accounts,
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
)
invitations = st.builds(
    invite,
    st.integers(0x11, 0x16),
    st.sampled_from(["one@example.com", "Two@Example.com", "two@example.com", "ann@example.com"]),
    accounts,
    role=st.sampled_from(["admin", "editor"]),
    site_access=st.sampled_from([[], [uuid(0x51)]]),
)
news = st.one_of(
    st.builds(opened, accounts),
    st.builds(on_plan, st.sampled_from(["free", "starter", "growth", "gold"]), accounts,
              version=versions, status=st.sampled_from(["active", "active", "canceled"])),
    st.builds(now_is, st.sampled_from(["active", "active", "suspended", "cancelled"]), accounts,
              version=versions),
    st.builds(plan_now, st.sampled_from(["free", "starter", "growth"]), versions,
              keywords=limits, sites=limits, users=limits, ahrefs_queries=limits),
)  # fmt: skip
overrides = st.one_of(
    st.builds(override, types, limits, st.integers(0, 3), accounts),
    st.builds(cleared, types, st.integers(0, 3), accounts),
)
is_up_to_date = st.sampled_from([True, True, True, False])
moments = st.sampled_from([SOON, SOON, MINUTES, MINUTES, MINUTES, WEEK, LONG])


def about_member(member: str, account: str) -> st.SearchStrategy[Message]:
    """Whatever may be said of a member."""
    return st.one_of(
        st.builds(accepted, st.just(member), people, st.just(account)),
        st.just(ended(member, account)),
        st.just(remove(member, account)),
        st.builds(
            role,
            st.just(member),
            st.sampled_from(["owner", "admin", "editor"]),
            st.just(account),
            site_access=st.sampled_from([None, [], [uuid(0x52)]]),
            expected_role=st.sampled_from([None, None, "editor", "owner"]),
        ),
        st.builds(transfer, transfers, st.just(member), st.just(account)),
    )


def about_colleague(member: str, account: str) -> st.SearchStrategy[Message]:
    """What an owner may do with somebody who is here."""
    return st.one_of(
        st.just(remove(member, account)),
        st.builds(
            role, st.just(member), st.sampled_from(["viewer", "owner", "admin"]), st.just(account)
        ),
        st.builds(transfer, st.integers(0x37, 0x3F), st.just(member), st.just(account)),
    )


def about_hold(hold: str, account: str, granted: int) -> st.SearchStrategy[Message]:
    """Whatever may become of a hold, which mostly was made use of."""
    quantities = st.sampled_from([granted, granted, granted, granted + 1, 1, 0])
    things = st.lists(st.integers(0x51, 0x58), max_size=3)
    return st.one_of(
        st.builds(confirmed, st.just(hold), quantities, st.just(account)),
        st.builds(confirmed, st.just(hold), st.just(granted), st.just(account)),
        st.builds(confirmed, st.just(hold), st.integers(1, 5), st.just(account), things),
        st.just(released(hold, account)),
        st.builds(
            lambda n, other: site_made(n, account, hold_id=hold, **by_request(other)),
            sites,
            st.none() | requests,
        ),
        st.builds(
            lambda other: site_failed(account, hold_id=hold, **by_request(other)),
            st.none() | requests,
        ),
    )
