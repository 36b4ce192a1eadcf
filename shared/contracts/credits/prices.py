"""What operations and models cost: the rows, the commands that change them, and what follows."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shared.contracts.access import DEVELOPER, Who
from shared.contracts.message import KeyedBy, Message, Part, Reply, Request
from shared.contracts.types import (
    Code,
    Count,
    Credits,
    Factor,
    JsonObject,
    Name,
    Positive,
    Quality,
    Text100,
    Text500,
    Time,
    UnitUsd,
)


class OperationPrice(Part, frozen=True, kw_only=True):
    """What an operation costs in credits: by tokens, by units or by images."""

    operation_type: Code
    mode: Literal["tokens", "fixed", "image"]
    unit: Code  # What `unit_size` and `credits_per_unit` count.
    unit_size: Positive
    display_name: Name
    description: Text500
    is_active: bool
    tokens_per_credit: Positive | None = None
    min_credits: Credits | None = None
    credits_per_unit: Credits | None = None
    default_tokens_input: Count | None = None
    default_tokens_output: Count | None = None

    def __post_init__(self) -> None:
        if self.mode == "tokens" and self.tokens_per_credit is None:
            raise ValueError("`tokens_per_credit`: Expected where `mode` is tokens")
        if self.mode != "tokens" and self.credits_per_unit is None:
            raise ValueError(f"`credits_per_unit`: Expected where `mode` is {self.mode}")


class CostConfig(OperationPrice, frozen=True, kw_only=True):
    """A row of the price list of operations."""

    version: int
    updated_at: Time
    previous: JsonObject | None = None
    updated_by: Text100 | None = None


class CostConfigChanged(Part, frozen=True, kw_only=True):
    """The row as it stands now."""

    row: CostConfig
    price_version: int


class CostConfigUpdateReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "cost.config.update.replied"

    data: CostConfigChanged | None = None


class CostConfigUpdateRequested(OperationPrice, Request, frozen=True, kw_only=True):
    """Give an operation another price; version 0 is that of a row which is not there yet."""

    topic: ClassVar[str] = "cost.config.update.requested"
    keyed_by: ClassVar[KeyedBy] = "code"
    who: ClassVar[Who] = DEVELOPER
    answer: ClassVar[type[Reply]] = CostConfigUpdateReplied
    natural_key: ClassVar[str] = "operation_type"

    expected_version: Count

    @property
    def subject(self) -> str:
        return self.operation_type


class CostConfigUpdated(CostConfig, Message, frozen=True, kw_only=True):
    """An operation has another price from now on."""

    topic: ClassVar[str] = "cost.config.updated"
    keyed_by: ClassVar[KeyedBy] = "code"
    is_compacted: ClassVar[bool] = True

    price_version: int

    @property
    def subject(self) -> str:
        return f"{self.operation_type}:{self.version}"

    @property
    def own_key(self) -> str:
        return self.operation_type


class ModelRate(Part, frozen=True, kw_only=True):
    """What a model costs us in USD, and its weight in credits."""

    model: Name
    provider: Name
    kind: Literal["text", "image", "search"]
    credit_multiplier: Factor
    tokens_per_word: Factor
    is_default: bool
    is_active: bool
    effective_from: Time
    cost_per_1k_input: UnitUsd | None = None
    cost_per_1k_output: UnitUsd | None = None
    cost_per_image: UnitUsd | None = None
    cost_per_request: UnitUsd | None = None
    image_quality: Quality | None = None
    credits_per_image: Annotated[Credits, Meta(description="wins over the tier's")] | None = None


class ModelPrice(ModelRate, frozen=True, kw_only=True):
    """A row of the price list of models."""

    version: int
    updated_at: Time
    updated_by: Text100 | None = None


class ModelPriceChanged(Part, frozen=True, kw_only=True):
    """The row as it stands now."""

    row: ModelPrice
    price_version: int


class ModelPriceUpdateReplied(Reply, frozen=True, kw_only=True):
    topic: ClassVar[str] = "model.price.update.replied"

    data: ModelPriceChanged | None = None


class ModelPriceUpdateRequested(ModelRate, Request, frozen=True, kw_only=True):
    """Give a model another price; version 0 is that of a row which is not there yet."""

    topic: ClassVar[str] = "model.price.update.requested"
    keyed_by: ClassVar[KeyedBy] = "code"
    who: ClassVar[Who] = DEVELOPER
    answer: ClassVar[type[Reply]] = ModelPriceUpdateReplied
    natural_key: ClassVar[str] = "model"

    expected_version: Count

    @property
    def subject(self) -> str:
        return self.model


class ModelPriceUpdated(ModelPrice, Message, frozen=True, kw_only=True):
    """A model has another price from now on."""

    topic: ClassVar[str] = "model.price.updated"
    keyed_by: ClassVar[KeyedBy] = "code"
    is_compacted: ClassVar[bool] = True

    price_version: int

    @property
    def subject(self) -> str:
        return f"{self.model}:{self.version}"

    @property
    def own_key(self) -> str:
        return self.model
