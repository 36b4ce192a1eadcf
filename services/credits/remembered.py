"""What is still needed of a request when it is answered again, charged or has failed."""

import msgspec

from shared.contracts.types import Source


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What an operation is about, as its request said."""

    type: str
    id: str
    title: str | None = None


class Remembered(msgspec.Struct, frozen=True, gc=False):
    """What a request said; it was checked when it came.

    Reading it back without the checks takes a quarter of the time.
    """

    hold_ttl_s: int = 900
    source: Source = "manual"
    site_id: str | None = None
    user_id: str | None = None
    run_id: str | None = None
    stage: int | None = None
    related: Subject | None = None


class RememberedRun(msgspec.Struct, frozen=True, gc=False):
    """What the request of a run said, beside its stages."""

    hold_ttl_s: int = 14_400
    site_id: str | None = None
    user_id: str | None = None


read_remembered_run = msgspec.json.Decoder(RememberedRun).decode
read_remembered = msgspec.json.Decoder(Remembered).decode
