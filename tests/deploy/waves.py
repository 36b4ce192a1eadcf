"""What others say to credits, of every kind: each wave is applied before the next is published."""

from collections.abc import Sequence
from typing import Final

from shared.contracts.credits import Estimate, ImageCount
from shared.contracts.credits.operations import MAX_HOLD_SECONDS, MAX_RUN_HOLD_SECONDS
from shared.contracts.invoicing import AccountOpened
from shared.contracts.message import Message
from tests.correcting import (
    PACKAGE,
    adjustment,
    disputed,
    freeze,
    refunded,
    reversed_,
    unfreeze,
)
from tests.credits.rules.pricing import config_update, model_update
from tests.making import ANN, BOB, cancelled, completed, extension, failed, paid, requested, uuid
from tests.running import (
    RUN,
    S10,
    done,
    run_completed,
    run_extension,
    run_requested,
    stage_done,
    stage_failed,
)

EVE = uuid(0xE)  # Who works in runs, and gets money back.
STAY_OPEN = range(24, 41)  # However long the tests take that look at them.
OPEN_RUN, DONE_RUN, FAILED_RUN, LARGE_RUN = (RUN + number for number in range(4))
REFUND, TAKEN_BACK, FAILED_REFUND, LARGE_REFUND, UNASKED = range(0x201, 0x206)
OPEN_DISPUTE, LOST_DISPUTE = 0x211, 0x212
GIVEN, TOO_MUCH = 0x301, 0x302
PRICED, RATED = "site_structure", "gpt-4o"  # Of what nobody here uses.
LONG: Final = {"hold_ttl_s": MAX_RUN_HOLD_SECONDS}
IMAGES = [ImageCount(quality="premium", count=2), ImageCount(quality="basic", count=1)]

# Ann has a plan, Bob has little.
OPERATIONS: Sequence[Sequence[Message]] = (
    (
        AccountOpened(account_id=ANN, plan_code="starter"),
        paid(10_000, ANN, 1),
        paid(100, BOB, 2, kind="credit_package", code="starter"),
    ),
    (
        *(requested(number) for number in range(1, 24)),
        *(requested(number, hold_ttl_s=MAX_HOLD_SECONDS) for number in STAY_OPEN),
        *(requested(number) for number in range(1, 6)),
        requested(6, operation_type="clustering"),
        requested(41, operation_type="image_generation", estimate=Estimate(images=IMAGES)),
        requested(42, operation_type="haiku"),
        *(requested(number, BOB, hold_ttl_s=MAX_HOLD_SECONDS) for number in (101, 102)),
        requested(103, BOB),
    ),
    (
        *(completed(number) for number in range(1, 21)),
        completed(21, tokens_output=20_000),
        failed(22),
        cancelled(23),
        completed(41, operation_type="image_generation", images=IMAGES, tokens_output=None),
        completed(50),
        failed(51),
        completed(103, BOB, tokens_output=60_000),
    ),
    (
        *(requested(50), requested(51), requested(1), requested(103, BOB)),
        *(extension(30, MAX_HOLD_SECONDS), extension(30, 60), extension(5, 60), extension(99, 60)),
    ),
)
RUNS: Sequence[Sequence[Message]] = (
    (
        paid(3_000, EVE, 3),
        paid(2_000, EVE, PACKAGE, kind="credit_package", code="pro"),
        run_completed(0x1FF, EVE),
    ),
    (
        *(run_requested(run=run, account=EVE, **LONG) for run in (OPEN_RUN, DONE_RUN, FAILED_RUN)),
        run_requested(*S10, run=LARGE_RUN, account=BOB),
        run_requested(run=0x1FF, account=EVE),
        requested(201, EVE, run_id=uuid(OPEN_RUN), stage=1),
        requested(202, EVE, run_id=uuid(DONE_RUN), stage=1),
    ),
    (
        completed(201, EVE),
        completed(202, EVE, tokens_output=20_000),
        stage_done(1, done(203), done(204, 80), run=OPEN_RUN, account=EVE, is_done=False),
        stage_done(1, done(205), run=DONE_RUN, account=EVE),
        stage_failed(1, done(206), run=FAILED_RUN, account=EVE),
    ),
    (
        run_completed(DONE_RUN, EVE),
        run_requested(run=OPEN_RUN, account=EVE, **LONG),
        run_extension(MAX_RUN_HOLD_SECONDS, OPEN_RUN, EVE),
        run_extension(60, DONE_RUN, EVE),
        completed(207, EVE, run_id=uuid(DONE_RUN), stage=1),
    ),
)
# Of two changes that have seen the same version the first counts.
PRICES: Sequence[Message] = (
    config_update(PRICED, description="Better."),
    config_update(PRICED, description="Best."),
    model_update(RATED, tokens_per_word="2"),
    model_update(RATED, expected=7),
)
CORRECTIONS: Sequence[Sequence[Message]] = (
    (),
    (
        freeze(REFUND, 500, EVE),
        freeze(TAKEN_BACK, 300, EVE),
        freeze(FAILED_REFUND, 100, EVE),
        freeze(LARGE_REFUND, 100_000, EVE),
        disputed(OPEN_DISPUTE, "opened", 200, EVE),
        adjustment(GIVEN, 50, EVE),
        adjustment(TOO_MUCH, -100_000, EVE),
    ),
    (
        refunded(REFUND, 500, EVE),
        refunded(TAKEN_BACK, 300, EVE),
        refunded(UNASKED, 5_000, EVE, forced=True),
        unfreeze(FAILED_REFUND, EVE),
        disputed(LOST_DISPUTE, "lost", 10, EVE),
    ),
    (
        reversed_(TAKEN_BACK, EVE),
        freeze(TAKEN_BACK, 300, EVE),
        freeze(REFUND, 499, EVE),
        adjustment(GIVEN, 50, EVE),
        *PRICES,
    ),
)
WAVES: Sequence[Sequence[Message]] = [
    [*operations, *runs, *corrections]
    for operations, runs, corrections in zip(OPERATIONS, RUNS, CORRECTIONS, strict=True)
]
SAID = {message.topic for wave in WAVES for message in wave}
