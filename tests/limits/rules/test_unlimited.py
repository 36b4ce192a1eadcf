"""Who has no limit is told so: a field that is always there is null then, and not missing."""

from msgspec import json

from shared.asked import Asked
from shared.contracts.limits import LimitDenied, OverageCleared
from shared.contracts.message import Message, Reply, encode
from shared.contracts.types import JsonObject
from tests.hearing import only
from tests.limits.making import asks_for, asks_for_site, invite, override, remove, site_made
from tests.limits.rules.desk import BY_ADMIN, BY_DEVELOPER, Desk, desk_on
from tests.making import on_plan


def written(message: Message) -> JsonObject:
    said: JsonObject = json.decode(encode(message))
    return said


def data_of(desk: Desk, message: Message, asked: Asked = BY_ADMIN) -> JsonObject:
    """What the reply says, as it is on the wire."""
    data: JsonObject = written(only(Reply, desk.tell(message, asked=asked)))["data"]
    return data


def test_replies_say_that_there_is_no_limit() -> None:
    desk = desk_on("starter")
    for limit_type in ("sites", "users", "keywords"):
        desk.tell(override(limit_type, None), asked=BY_DEVELOPER)

    for request in (asks_for_site(1), asks_for(2, 5)):
        said = data_of(desk, request)
        assert (said["limit"], said["available"]) == (None, None)
    invited = data_of(desk, invite(3))
    assert invited["limit"] is None
    assert data_of(desk, remove(invited["member_id"]))["limit"] is None


def test_facts_say_that_there_is_no_limit() -> None:
    desk = desk_on("free")
    desk.tell(site_made(1), site_made(2))
    now = desk.tell(override("sites", None), asked=BY_DEVELOPER)
    assert written(only(OverageCleared, now))["items"][0]["limit"] is None

    desk.tell(on_plan("gold", version=2))
    denied = written(only(LimitDenied, desk.tell(asks_for(1, 5))))
    assert (denied["reason"], denied["limit"], denied["available"]) == ("plan_unknown", None, None)
