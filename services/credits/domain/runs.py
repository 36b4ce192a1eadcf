"""Before a run starts: may this account spend so much, and how much is held for all of it (P8)."""

from collections.abc import Sequence
from datetime import timedelta

from services.credits import refusals, run_outcomes
from services.credits.book import Account, Book, Run, Stage
from services.credits.domain.requests import not_offered
from services.credits.prices import USUAL_QUALITY, Config, Model, PriceList
from shared.asked import Asked
from shared.contracts.credits import Estimate, PlannedStage, RunRequested
from shared.contracts.errors import Error, Problem, invalid
from shared.contracts.message import Message, encode
from shared.contracts.types import MAX_CREDITS
from shared.mirror import not_active

TOO_MUCH = Problem(path="stages", reason=f"Expected stages of at most {MAX_CREDITS} credits")


def approve(book: Book, request: RunRequested, asked: Asked) -> list[Message]:
    """Hold credits for all stages of a run, or remember why not."""
    account = book.accounts[request.account_id]
    known = book.runs.get((request.account_id, request.run_id))
    if known is not None and request.is_as_kept(known.request):
        return [run_outcomes.first_answer(known, replayed=True)]
    if known is not None and known.request is not None:
        return [request.refused(refusals.other_run(known.state))]
    planned = [as_planned(stage) for stage in request.stages]
    if known is not None:
        known.stages = planned
        return [refuse(book, known, request, refusals.ended_run(known.state))]
    prices = book.catalogue.prices.latest
    problem = problem_with(book, account, request.stages, prices)
    stages = planned if problem else [estimated(prices, s, asked) for s in request.stages]
    required = sum(stage.estimated for stage in stages)
    if required > MAX_CREDITS:
        return [request.refused(invalid([TOO_MUCH]))]
    if problem is None and required > account.available:
        per_stage = [run_outcomes.estimate(stage) for stage in stages]
        problem = refusals.run_insufficient(book, account, per_stage)
    run = book.hear_of_run(account, request.run_id, "refused")
    run.price_version, run.stages, run.estimated = prices.version, stages, required
    if problem is not None:
        return [refuse(book, run, request, problem)]
    hold(book, account, run, request)
    return [
        run_outcomes.first_answer(run),
        run_outcomes.reserved(book, account, run),
        run_outcomes.approved(run),
    ]


def problem_with(
    book: Book, account: Account, stages: Sequence[PlannedStage], prices: PriceList
) -> Error | None:
    """What stands against it before any number is looked at; the account's status comes first."""
    if account.standing.status in ("suspended", "cancelled"):
        return not_active(account.standing, book.now)
    found = (not_offered(prices, prices.configs.get(s.operation_type), s.model) for s in stages)
    return next((problem for problem in found if problem is not None), None)


def estimated(prices: PriceList, planned: PlannedStage, asked: Asked) -> Stage:
    """P7 for one item, times so many; a person's word never lowers it below the default."""
    config = prices.configs[planned.operation_type]
    model = prices.models[planned.model] if planned.model else None
    one = each(prices, config, planned, model)
    if asked.is_by_a_person and config.mode != "image":
        one = max(one, prices.required(config, None, model))
    return Stage(
        planned.stage, planned.operation_type, planned.count, one * planned.count, planned.model
    )


def as_planned(planned: PlannedStage) -> Stage:
    """A stage that will not begin: work that is reported all the same has its type (P16)."""
    return Stage(planned.stage, planned.operation_type, planned.count, 0, planned.model)


def each(prices: PriceList, config: Config, planned: PlannedStage, model: Model | None) -> int:
    """What one item of a stage needs: of images of which nobody says it, one of the usual quality.

    A model that makes images of one quality says it as well.
    """
    if config.mode != "image":
        estimate = Estimate(words=planned.words, units=planned.units)
        return prices.required(config, estimate, model)
    quality = planned.quality or (model.quality if model else None) or USUAL_QUALITY
    return prices.image_credits(config, quality, model)


def hold(book: Book, account: Account, run: Run, request: RunRequested) -> None:
    """P8: one rule for the whole run, images and units included, as far as there are credits."""
    wanted = -(-run.estimated * (100 + book.hold_margin_percent) // 100)
    run.held = run.remaining = min(account.available, wanted)
    write_down(book, run, request)
    run.state, run.expires_at = "approved", book.now + timedelta(seconds=request.hold_ttl_s)
    account.held += run.held
    account.version += 1
    run.available_after = account.available


def write_down(book: Book, run: Run, request: RunRequested) -> None:
    run.request, run.requested_at, run.is_changed = encode(request), book.now, True


def refuse(book: Book, run: Run, request: RunRequested, error: Error) -> Message:
    """Answer with an error, and keep it: the same request is answered with it for ever."""
    write_down(book, run, request)
    run.refusal = encode(error)
    return run_outcomes.first_answer(run)
