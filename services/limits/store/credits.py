"""What credits said last of each account; nothing is decided by it."""

from collections.abc import Sequence

from shared.contracts.credits import BalanceChanged
from shared.lanes import lane_of
from shared.postgres import Transaction

# A state that is not above the one that is known comes too late.
NOTE = """
    INSERT INTO credit_balances (lane, account_id, version, balance, plan_allocation, used, month)
    SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
                         $6::bigint[], $7::text[]) AS new (lane, account_id)
    ORDER BY lane, account_id
    ON CONFLICT (lane, account_id) DO UPDATE
    SET version = excluded.version, balance = excluded.balance,
        plan_allocation = excluded.plan_allocation, used = excluded.used, month = excluded.month
    WHERE credit_balances.version < excluded.version
"""


async def note(tx: Transaction, said: Sequence[BalanceChanged]) -> None:
    """Keep the newest of each account."""
    newest = {state.account_id: state for state in sorted(said, key=lambda state: state.version)}
    rows = [columns_of(state) for state in newest.values()]
    await tx.execute(NOTE, *zip(*rows, strict=True))


def columns_of(state: BalanceChanged) -> tuple[object, ...]:
    return (
        lane_of(state.account_id),
        state.account_id,
        state.version,
        state.balance,
        state.plan_credits_per_month,
        state.used_this_month,
        state.window,
    )
