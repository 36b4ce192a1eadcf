"""The fast way in and the slow one are one contract: what both accept, they read alike."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import canonical
from shared.contracts.errors import Problem
from shared.contracts.message import Part, encode
from shared.contracts.services import SERVICES
from tests.contracts.least import ALL, Least
from tests.contracts.making import JSON, Json, values_for

CONTRACTS: list[type[Part]] = sorted(
    {one for service in SERVICES for one in (*service.read, *service.announced, *service.asked)},
    key=lambda contract: contract.__name__,
)
EXAMPLES_A_CONTRACT = 25
LEAST = st.sampled_from(ALL)


def read_fast(value: bytes, contract: type[Part]) -> Part | None:
    if not value.isascii():
        return None  # Its letters may be written in two ways.
    try:
        return msgspec.json.decode(value, type=contract)
    except msgspec.ValidationError:
        return None


def is_named(problems: list[Problem]) -> bool:
    return bool(problems) and all(problem.reason for problem in problems)


@settings(deadline=None)
@given(st.sampled_from(CONTRACTS), JSON)
def test_whatever_the_value_is_converting_ends_with_a_message_or_with_problems(
    contract: type[Part], value: Json
) -> None:
    converted = canonical.convert(value, contract)
    assert is_named(converted) if isinstance(converted, list) else isinstance(converted, contract)


@settings(deadline=None)
@given(LEAST, st.data())
def test_whatever_one_field_holds_it_is_accepted_or_it_is_named(
    least: Least, data: st.DataObject
) -> None:
    fields = msgspec.structs.fields(least.contract)
    name = data.draw(st.sampled_from([field.encode_name for field in fields]))
    value = least.but(**{name: data.draw(JSON | st.text() | st.integers(-2, 2))})
    converted = canonical.convert(value, least.contract)
    if isinstance(converted, list):
        assert all(problem.path.startswith(name) for problem in converted)
    fast = read_fast(msgspec.json.encode(value), least.contract)
    assert fast is None or fast == converted


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_message_is_read_as_it_was_sent(contract: type[Part]) -> None:
    @settings(deadline=None, max_examples=EXAMPLES_A_CONTRACT)
    @given(values_for(contract))
    def both_ways_in(value: Json) -> None:
        fast = read_fast(msgspec.json.encode(value), contract)
        slow = canonical.convert(value, contract)
        if isinstance(slow, list):
            assert fast is None
            assert is_named(slow)
            return
        assert fast is None or fast == slow
        assert canonical.convert(canonical.read(encode(slow)), contract) == slow

    both_ways_in()


@settings(deadline=None)
@given(st.sampled_from(CONTRACTS).flatmap(lambda contract: st.tuples(st.just(contract), JSON)))
def test_what_nobody_asked_for_changes_nothing(drawn: tuple[type[Part], Json]) -> None:
    contract, value = drawn
    assert canonical.convert({"never_heard_of": value}, contract) == canonical.convert({}, contract)
