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
DAY = r"\d{4}-\d\d-\d\d"
MOMENT = r"\d{4,6}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"

MEANINGS: dict[str, str] = {}  # What a pattern, as msgspec quotes it, says in words.


def spelt(pattern: str, meaning: str) -> str:
    """A pattern for the whole of a text, which can be explained to whoever broke it."""
    whole = f"^{pattern}{END}"
    MEANINGS[repr(whole)] = f"Expected {meaning}"
    return whole


IS_UUID = spelt(HEX_GROUPS, "a UUID, as 8-4-4-4-12 hexadecimal digits")
IS_CODE = spelt(r"[a-z0-9][a-z0-9._:@-]*", "a code of a-z 0-9 . _ : @ -")
IS_TEXT = spelt(r"(?!\s)[^\x00]*(?<!\s)", "text without the character NUL")
IS_USD = spelt(r"\d{1,12}\.\d{8}", "decimal dollars with 8 places")
IS_UNIT_USD = spelt(r"\d{1,6}\.\d{8}", "decimal dollars below 1,000,000 with 8 places")
IS_DEC = spelt(r"-?\d{1,18}(\.\d{1,18})?", "a decimal number without exponent")
IS_FACTOR = spelt(r"\d{1,3}(\.\d{1,3})?", "a decimal number below 1,000 with up to 3 places")
IS_TIME = spelt(MOMENT, "a time as 2026-01-15T12:00:00.000Z")
IS_DATE = spelt(DAY, "a date as 2026-01-15")
IS_TIME_OR_DATE = spelt(f"({MOMENT}|{DAY})", "a time as 2026-01-15T12:00:00.000Z, or a date")
IS_WINDOW = spelt(r"\d{4}-(0[1-9]|1[0-2])", "a month as 2026-01")
IS_COUNTRY = spelt(r"[A-Z]{2}", "a country of two letters")
IS_CURSOR = spelt(r"[\x21-\x7e]*", "a cursor as it was given")
IS_EMAIL = spelt(r"[^@\s\x00]+@[^@\s\x00]+", "an e-mail address")

Uuid: TypeAlias = Annotated[
    str, Meta(pattern=IS_UUID, extra_json_schema={"format": "uuid"}, extra=LOWER)
]
Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=50, pattern=IS_CODE)]
Text100: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=IS_TEXT, extra=TEXT)]
Text200: TypeAlias = Annotated[str, Meta(max_length=200, pattern=IS_TEXT, extra=TEXT)]
Text500: TypeAlias = Annotated[str, Meta(max_length=500, pattern=IS_TEXT, extra=TEXT)]
Note: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=IS_TEXT, extra=TEXT)]
ByText: TypeAlias = Annotated[str, Meta(max_length=100, pattern=IS_TEXT, extra=TEXT)]
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
Usd: TypeAlias = Annotated[str, Meta(pattern=IS_USD, description="dollars of cost, 8 places")]
UnitUsd: TypeAlias = Annotated[
    str, Meta(pattern=IS_UNIT_USD, description="dollars a unit, 8 places")
]
Dec: TypeAlias = Annotated[str, Meta(pattern=IS_DEC)]
Factor: TypeAlias = Annotated[str, Meta(pattern=IS_FACTOR)]
Time: TypeAlias = Annotated[
    str, Meta(pattern=IS_TIME, description="RFC 3339, UTC, milliseconds in what we send")
]
Date: TypeAlias = Annotated[str, Meta(pattern=IS_DATE, description="UTC day")]
TimeOrDate: TypeAlias = Annotated[
    str, Meta(pattern=IS_TIME_OR_DATE, description="a date is its 00:00Z")
]
Window: TypeAlias = Annotated[str, Meta(pattern=IS_WINDOW, description="UTC month")]
Country: TypeAlias = Annotated[str, Meta(pattern=IS_COUNTRY, extra=UPPER)]
Email: TypeAlias = Annotated[str, Meta(min_length=3, max_length=254, pattern=IS_EMAIL, extra=TEXT)]
Cursor: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=IS_CURSOR)]
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
