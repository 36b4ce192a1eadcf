"""Use of every kind by one account: what scenario S23 tells of, over two sites and a run."""

from collections.abc import Iterator
from itertools import count

from shared.contracts.credits import OperationCompleted
from shared.contracts.message import Message
from shared.contracts.types import Json
from tests import making

SHOP, BLOG = making.uuid(0x51), making.uuid(0x52)
RUN = making.uuid(0x60)

NUMBERS = count(1)

# Operation, kind of its items, and of each report: credits, items.
TEXTS: dict[str, tuple[str, int, list[tuple[int, int]]]] = {
    "clustering": ("cluster", 150, [(100, 8), (50, 4)]),
    "idea_generation": ("idea", 200, [(120, 30), (80, 15)]),
    "content_generation": ("article", 100, [(50, 1)] * 24),
    "image_prompt_extraction": ("prompt", 100, [(30, 20), (20, 10)]),
}
IMAGES = {"basic": 100, "quality": 50, "premium": 30}
PAID = 5_000
TOTAL = 2_400
MADE = {
    "cluster": (150, 12),
    "idea": (200, 45),
    "article": (1_200, 24),
    "prompt": (50, 30),
    "image:basic": (100, 100),
    "image:quality": (250, 50),
    "image:premium": (450, 30),
}


def s23(account: str) -> list[Message]:
    """A paid invoice, and 33 operations: 2,400 credits in all."""
    paid = making.paid(PAID, account, invoice=next(NUMBERS))
    return [paid, *reports(account)]


def reports(account: str) -> Iterator[OperationCompleted]:
    place = count()
    for name, (kind, tokens_a_credit, done) in TEXTS.items():
        for credits, items in done:
            yield making.completed(
                next(NUMBERS) + 10**6,
                account,
                operation_type=name,
                tokens_input=credits * tokens_a_credit - 10,
                tokens_output=10,
                items={"kind": kind, "count": items},
                response_time_ms=1_000,
                **circumstances(next(place)),
            )
    for quality, number in IMAGES.items():
        yield making.completed(
            next(NUMBERS) + 10**6,
            account,
            operation_type="image_generation",
            model_used=None,
            tokens_input=None,
            tokens_output=None,
            images=making.images(**{quality: number}),
            **circumstances(next(place)),
        )


def circumstances(place: int) -> dict[str, Json]:
    """Every third is automated, every other one is for the blog; two members work."""
    by_run: dict[str, Json] = {"source": "automation", "run_id": RUN, "stage": 1}
    site, user = (SHOP, BLOG)[place % 2], f"member-{place % 2}"
    return {"site_id": site, "user_id": user} | (by_run if place % 3 == 0 else {})
