"""What several records of credits are made of (`payloads.md` 3)."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from msgspec import Meta

from shared.contracts.message import Part
from shared.contracts.types import Code, Count, Name, Quality, Text100, Text200

MAX_IMAGES = 1000


class ImageCount(Part, frozen=True, kw_only=True):
    """So many images of one quality."""

    quality: Quality
    count: Annotated[int, Meta(ge=1, le=MAX_IMAGES)]


Images: TypeAlias = Sequence[ImageCount]
WantedImages: TypeAlias = Annotated[Sequence[ImageCount], Meta(min_length=1)]


def check_qualities(images: Images) -> None:
    """Each quality stands once: two rows of one would leave open which of them counts."""
    if len({image.quality for image in images}) < len(images):
        raise ValueError("`images`: Expected each quality once")


class Items(Part, frozen=True, kw_only=True):
    """What came out: so many ideas, articles, pages; kinds that we do not know are kept."""

    kind: Code
    count: Count


class Related(Part, frozen=True, kw_only=True):
    """What it was done for, in the words of the web app."""

    type: Code
    id: Text100
    title: Text200 | None = None


class Estimate(Part, frozen=True, kw_only=True):
    """What somebody expects an operation to use."""

    tokens_input: Count | None = None
    tokens_output: Count | None = None
    words: Count | None = None
    units: Count | None = None
    images: WantedImages | None = None

    def __post_init__(self) -> None:
        if self.tokens_input is None and self.tokens_output is not None:
            raise ValueError("`tokens_input`: Expected beside `tokens_output`")
        if self.tokens_output is None and self.tokens_input is not None:
            raise ValueError("`tokens_output`: Expected beside `tokens_input`")
        if self.images is not None:
            check_qualities(self.images)


class Done(Part, frozen=True, kw_only=True):
    """What an operation really used.

    Tokens that are absent are not known (the provider did not say); 0 tokens are none.
    """

    operation_type: Code | None = None
    model_used: Name | None = None
    provider: Name | None = None
    tokens_input: Count | None = None
    tokens_output: Count | None = None
    units: Count | None = None
    unit_kind: Code | None = None
    requests: Count = 1
    images: Images | None = None
    items: Items | None = None
    details: Text200 | None = None
    response_time_ms: Count | None = None
    related: Related | None = None

    def __post_init__(self) -> None:
        if self.images is not None:
            check_qualities(self.images)
