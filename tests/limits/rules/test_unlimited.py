"""Who has no limit is told so: a field that is always there is null then, and not missing."""

from msgspec import json
from msgspec.structs import replace

from shared.asked import Asked
from shared.contracts.limits import HoldReplied, LimitDenied, OverageCleared
from shared.contracts.message import Message, Reply, encode
from shared.contracts.types import JsonObject
from shared.verify.replies import is_same
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


def test_an_answer_that_was_kept_without_nulls_is_the_one_that_was_sent() -> None:
    """As whoever wrote it left them out: `igny8 verify` holds both against each other."""
    desk = desk_on("starter")
    sent = only(HoldReplied, desk.tell(asks_for(1, 5)))
    data = {name: one for name, one in written(sent)["data"].items() if one is not None}

    assert is_same(sent, replace(sent, data=data))
    assert is_same(sent, replace(sent, data={**data, "resets_at": None}))
    assert not is_same(sent, replace(sent, data={**data, "granted": 4}))
    assert not is_same(sent, replace(sent, data={n: data[n] for n in data if n != "limit"}))


def test_facts_say_that_there_is_no_limit() -> None:
    desk = desk_on("free")
    desk.tell(site_made(1), site_made(2))
    now = desk.tell(override("sites", None), asked=BY_DEVELOPER)
    assert written(only(OverageCleared, now))["items"][0]["limit"] is None

    desk.tell(on_plan("gold", version=2))
    denied = written(only(LimitDenied, desk.tell(asks_for(1, 5))))
    assert (denied["reason"], denied["limit"], denied["available"]) == ("plan_unknown", None, None)
