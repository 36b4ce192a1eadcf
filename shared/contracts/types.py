"""The types of `payloads.md` 1: what each word of the page means on the wire.

A decoder made of these accepts only canonical values (a lower-case UUID, a trimmed text); whatever
else the page allows is brought into that form first, by `shared.contracts.canonical`, which finds
what to do in the `extra` of a type. So the fast path checks, and only the rare record pays.
"""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

END = r"(?![\s\S])"  # `$` would let a final newline pass.
MAX_INT = 2**53 - 1
MAX_CREDITS = 10**12
MAX_CREDITS_AT_ONCE = 10**9

LOWER = {"canonical": "lower"}
UPPER = {"canonical": "upper"}
TEXT = {"canonical": "text"}

HEX_GROUPS = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TRIMMED = rf"^(?!\s)[^\x00]*(?<!\s){END}"
DATE = r"\d{4}-\d\d-\d\d"
RFC_3339 = r"\d{4,6}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"

Uuid: TypeAlias = Annotated[
    str, Meta(pattern=f"^{HEX_GROUPS}{END}", extra_json_schema={"format": "uuid"}, extra=LOWER)
]
Code: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=50, pattern=rf"^[a-z0-9][a-z0-9._:@-]*{END}")
]
Text100: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=TRIMMED, extra=TEXT)]
Text200: TypeAlias = Annotated[str, Meta(max_length=200, pattern=TRIMMED, extra=TEXT)]
Text500: TypeAlias = Annotated[str, Meta(max_length=500, pattern=TRIMMED, extra=TEXT)]
Note: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=TRIMMED, extra=TEXT)]
ByText: TypeAlias = Annotated[str, Meta(max_length=100, pattern=TRIMMED, extra=TEXT)]
Name: TypeAlias = Text100
Int: TypeAlias = Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_INT)]
Positive: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_INT)]
Credits: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_CREDITS, description="whole credits")]
SomeCredits: TypeAlias = Annotated[
    int, Meta(ge=1, le=MAX_CREDITS_AT_ONCE, description="whole credits")
]
SignedCredits: TypeAlias = Annotated[
    int, Meta(ge=-MAX_CREDITS, le=MAX_CREDITS, description="whole credits, signed")
]
Usd: TypeAlias = Annotated[
    str,
    Meta(pattern=rf"^\d{{1,12}}\.\d{{8}}{END}", description="decimal dollars of cost, 8 places"),
]
UnitUsd: TypeAlias = Annotated[
    str,
    Meta(pattern=rf"^\d{{1,6}}\.\d{{8}}{END}", description="decimal dollars a unit, 8 places"),
]
Dec: TypeAlias = Annotated[str, Meta(pattern=rf"^-?\d{{1,18}}(\.\d{{1,18}})?{END}")]
Factor: TypeAlias = Annotated[
    str, Meta(pattern=rf"^\d{{1,3}}(\.\d{{1,3}})?{END}", description="decimal, up to 3 places")
]
Time: TypeAlias = Annotated[
    str,
    Meta(pattern=rf"^{RFC_3339}{END}", description="RFC 3339, UTC, milliseconds in what we send"),
]
Date: TypeAlias = Annotated[str, Meta(pattern=rf"^{DATE}{END}", description="UTC day")]
TimeOrDate: TypeAlias = Annotated[
    str, Meta(pattern=rf"^({RFC_3339}|{DATE}){END}", description="a date is its 00:00Z")
]
Window: TypeAlias = Annotated[
    str, Meta(pattern=rf"^\d{{4}}-(0[1-9]|1[0-2]){END}", description="UTC month")
]
Country: TypeAlias = Annotated[str, Meta(pattern=rf"^[A-Z]{{2}}{END}", extra=UPPER)]
Email: TypeAlias = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=rf"^[^@\s\x00]+@[^@\s\x00]+{END}", extra=TEXT)
]
Limit: TypeAlias = Annotated[Count | None, Meta(description="null: unlimited, 0: not included")]
Stage: TypeAlias = Annotated[int, Meta(ge=1, le=99)]
Json: TypeAlias = Any  # What JSON can say: values that pass through us without being read.
JsonObject: TypeAlias = dict[str, Json]

Role: TypeAlias = Literal["developer", "owner", "admin", "editor", "viewer", "system_bot"]
AccountStatus: TypeAlias = Literal["trial", "active", "suspended", "cancelled"]
Bucket: TypeAlias = Literal["plan", "purchased"]
BillingCycle: TypeAlias = Literal["monthly", "annual"]
Source: TypeAlias = Literal["manual", "automation"]
Quality: TypeAlias = Literal["basic", "quality", "premium"]
ReservationKind: TypeAlias = Literal["operation", "run", "refund", "dispute"]
