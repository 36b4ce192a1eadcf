"""Whatever was said of payments had its effect: granted, taken back, given back, free (I9)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.contracts.credits import (
    FreezeReleased,
    PaymentDisputed,
    PaymentRefunded,
    RefundReversed,
)
from shared.contracts.invoicing import InvoicePaid
from shared.contracts.message import Message
from shared.kafka import Letter
from shared.lanes import lane_of
from shared.verify.letters import applied
from shared.verifying import Finding, Snapshot, of_one, violations_in

SAID: tuple[type[Message], ...] = (
    InvoicePaid,
    PaymentRefunded,
    RefundReversed,
    PaymentDisputed,
    FreezeReleased,
)
TOPICS = tuple(message.topic for message in SAID)

NOT_GRANTED = """
    SELECT said.account_id::text, 'an invoice was paid and not granted',
           (to_jsonb(said) - 'lane' - 'account_id')::text
    FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::int[])
         AS said (lane, account_id, invoice_id, line)
    WHERE NOT EXISTS (
        SELECT FROM grants
        WHERE grants.lane = said.lane AND grants.account_id = said.account_id
          AND grants.invoice_id = said.invoice_id AND grants.line = said.line)
"""
NOT_DONE = """
    SELECT said.account_id::text, 'money went back and its credits did not follow',
           (to_jsonb(said) - 'lane' - 'account_id' || jsonb_build_object('state', row.state))::text
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[])
         AS said (lane, account_id, kind, subject_id, expected)
    LEFT JOIN clawbacks AS row
         ON row.lane = said.lane AND row.account_id = said.account_id
        AND row.kind = said.kind AND row.subject_id = said.subject_id
    WHERE CASE expected WHEN 'revoked' THEN row.revoked_at IS NULL
                        WHEN 'reversed' THEN row.reversed_at IS NULL
                        WHEN 'ended' THEN coalesce(row.state, 'frozen') = 'frozen'
                        ELSE row.state IS NULL END
"""


class Line(NamedTuple):
    """One line of an invoice that was paid."""

    lane: int
    account_id: str
    invoice_id: str
    line: int


class Expected(NamedTuple):
    """What must have become of a refund or dispute."""

    lane: int
    account_id: str
    kind: str
    subject_id: str
    state: str


async def find(snapshot: Snapshot) -> Finding:
    """Look at each message about a payment that Kafka still has and the service has read."""
    finding = Finding()
    if not snapshot.places(TOPICS):
        return finding
    async for letters in applied(snapshot, SAID):
        finding.checked += len(letters)
        for statement, rows in (
            (NOT_GRANTED, [row for letter in letters for row in lines_in(letter)]),
            (NOT_DONE, [row for letter in letters if (row := expected_of(letter))]),
        ):
            if rows:
                columns: Sequence[object] = [*zip(*rows, strict=True)]
                finding.add(*violations_in(await snapshot.tx.fetch(statement, *columns)))
    return finding


def lines_in(letter: Letter) -> Iterator[Line]:
    said = letter.content
    if isinstance(said, InvoicePaid):
        for line in said.grants:
            yield Line(lane_of(said.account_id), said.account_id, said.invoice_id, line.line)


def expected_of(letter: Letter) -> Expected | None:
    """What was won, lost or said not to be refunded holds nothing any more."""
    match letter.content:
        case PaymentRefunded(refund_id=subject):
            kind, state = "refund", "revoked"
        case RefundReversed(refund_id=subject):
            kind, state = "refund", "reversed"
        case FreezeReleased(refund_id=subject):
            kind, state = "refund", "ended"
        case PaymentDisputed(dispute_id=subject, state=said):
            kind, state = "dispute", "known" if said == "opened" else "ended"
        case _:
            return None
    account_id = letter.content.account_id
    return Expected(lane_of(account_id), account_id, kind, subject, state)


CHECKS = (of_one("I9", find, "topics"),)
