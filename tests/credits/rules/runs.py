"""A desk at which a run is under way."""

from services.credits.book import Run
from tests.credits.rules.desk import Desk, desk_with
from tests.making import ANN, Fields, uuid
from tests.running import RUN, run_requested

RUN_ID = uuid(RUN)
OF_THE_RUN: Fields = {"run_id": RUN_ID, "stage": 1}


def desk_with_run(plan: int = 1_000, site: int | None = None) -> Desk:
    """Five articles are to be written: 250 are required, 300 held."""
    desk = desk_with(plan)
    desk.tell(run_requested(site_id=None if site is None else uuid(site), user_id="ann"))
    desk.end_batch()
    return desk


def numbers(desk: Desk) -> tuple[int, int, int]:
    """Balance, held, and what the run still holds of it."""
    return desk.account().balance, desk.account().held, the_run(desk).remaining


def the_run(desk: Desk) -> Run:
    return desk.book.runs[ANN, RUN_ID]
