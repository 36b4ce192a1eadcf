"""A rehearsal as people read it, or as one JSON object; each account is printed when it is done."""

from collections.abc import Callable, Iterator

import msgspec

from deploy.prices.replay import NOTES
from deploy.prices.sums import Account, Sum
from services.credits.prices import USD_UNITS, half_up, usd_text
from shared.contracts.types import Json

NAME_WIDTH = 28
HEAD = (
    f"  {'':{NAME_WIDTH}}{'actions':>11}{'credits':>13}{'proposed':>13}{'change':>9}"
    f"{'USD':>15}{'proposed':>15}"
)


class InWords:
    """A table an account, and one of all."""

    def __init__(self, month: str, echo: Callable[[str], None]) -> None:
        self._month, self._echo, self._accounts = month, echo, 0
        echo(f"What the usage of {month} would have cost\n\n{HEAD}")

    def show(self, account: Account) -> None:
        self._accounts += 1
        self._echo(f"account {account.account_id}")
        for line in lines_of(account, account.total):
            self._echo(line)

    def sum_up(self, actions: Account, total: Sum) -> None:
        """All accounts together, and what cannot be known."""
        if not self._accounts:
            self._echo(f"Nobody used anything in {self._month}.")
            return
        self._echo(f"all {self._accounts:,} accounts")
        for line in (*lines_of(actions, total), "", *notes(total)):
            self._echo(line)


def lines_of(account: Account, total: Sum) -> Iterator[str]:
    for name, one in sorted(account.actions.items()):
        yield line(name, one)
    if len(account.actions) > 1:
        yield line("together", total)


def line(name: str, one: Sum) -> str:
    return (
        f"  {name[:NAME_WIDTH]:{NAME_WIDTH}}{one.actions:>11,}{one.old:>13,}{one.new:>13,}"
        f"{change(one):>9}{dollars(one.old_usd):>15}{dollars(one.new_usd):>15}"
    )


def change(one: Sum) -> str:
    """In per cent of what it was, to a tenth, half up as in a school book."""
    if not one.old:
        return "-" if one.new else "0.0 %"
    tenths = (2000 * abs(one.new - one.old) + one.old) // (2 * one.old)
    sign = "-" if one.new < one.old else "+" if one.new > one.old else ""
    return f"{sign}{tenths // 10}.{tenths % 10} %"


def dollars(units: int) -> str:
    """P1: three places below a dollar, two above; rounded half up, as it is shown."""
    places = 3 if units < USD_UNITS else 2
    step = 10 ** (8 - places)
    return usd_text(half_up(units, step) * step)[: places - 8]


def notes(total: Sum) -> Iterator[str]:
    """What the figures do not say."""
    yield "What the usage log cannot tell, and how it is taken:"
    for note in NOTES:
        yield f"  {note}"
    if total.uncertain:
        yield (
            f"  Of {total.uncertain:,} rows today's figures do not follow from the log alone; their"
            " proposed ones may be off as well."
        )
    if total.without_usd:
        yield f"  {total.without_usd:,} rows have no cost in USD, old or proposed: in neither sum."


class OneObject:
    """One JSON object, written while it is made: there may be many accounts."""

    def __init__(self, month: str, echo: Callable[..., None]) -> None:
        self._echo, self._between = echo, ""
        echo(f'{{"month":{written(month)},"accounts":[', nl=False)

    def show(self, account: Account) -> None:
        one = {"account_id": account.account_id, "by_action": by_action(account)}
        self._echo(self._between + written(one | account.total.as_json), nl=False)
        self._between = ","

    def sum_up(self, actions: Account, total: Sum) -> None:
        said = f'],"by_action":{written(by_action(actions))},"totals":{written(total.as_json)}'
        self._echo(f'{said},"notes":{written(NOTES)}}}')


def by_action(account: Account) -> dict[str, Json]:
    return {name: one.as_json for name, one in sorted(account.actions.items())}


def written(said: Json) -> str:
    return msgspec.json.encode(said).decode()
