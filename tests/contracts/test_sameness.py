"""When two requests of one id are the same: equal after defaults, whatever was kept of one."""

import pytest

from shared.contracts.limits import HoldRequested
from shared.contracts.message import encode
from tests.limits.making import asks_for
from tests.making import spelt_out


def test_a_request_is_as_it_was_kept_also_where_defaults_are_spelt_out() -> None:
    request = asks_for(1, 5)
    kept = encode(request)

    assert encode(spelt_out(request)) != kept, "else nothing is tried here"
    assert spelt_out(request).is_as_kept(kept)
    assert request.is_as_kept(encode(spelt_out(request)))


@pytest.mark.parametrize(
    "kept", [None, b"", b"no JSON", b"{}", encode(asks_for(1, 6)), encode(asks_for(2, 5))]
)
def test_what_is_other_or_cannot_be_read_any_more_is_not_the_same(kept: bytes | None) -> None:
    request: HoldRequested = asks_for(1, 5)

    assert not request.is_as_kept(kept)
