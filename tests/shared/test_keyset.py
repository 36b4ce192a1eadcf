"""A cursor is the key of a page's last row, and no other word is one."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.asking import Page
from shared.contracts.errors import Error
from shared.contracts.types import MAX_INT, Positive, Uuid
from shared.keyset import cursor_of, start_of
from tests.making import ANN


class Key(NamedTuple):
    """Of some rows."""

    account_id: Uuid
    seq: Positive


def test_without_a_cursor_a_page_is_the_first() -> None:
    assert start_of(Page(), "rows", Key) is None


@given(st.uuids(), st.integers(1, MAX_INT))
def test_a_page_begins_after_the_key_in_its_cursor(account_id: object, seq: int) -> None:
    key = Key(str(account_id), seq)

    assert start_of(Page(cursor=cursor_of("rows", key)), "rows", Key) == key


def test_a_cursor_is_of_one_query_and_of_one_kind_of_rows() -> None:
    cursor = cursor_of("rows", Key(ANN, 7))
    shorter, wrong = cursor_of("rows", [7]), cursor_of("rows", ["no id", 7])

    for given_cursor, query in ((cursor, "others"), (shorter, "rows"), (wrong, "rows")):
        refused = start_of(Page(cursor=given_cursor), query, Key)
        assert isinstance(refused, Error)
        assert refused.fields is not None
        assert refused.fields[0].path == "params.page.cursor"


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=500))
def test_any_other_word_is_refused_and_nothing_else(word: str) -> None:
    assert isinstance(start_of(Page(cursor=word), "rows", Key), Error)
