"""Alerts: one a mark, whoever raises it first."""

from services.credits import statements as sql
from services.credits.book import Book
from shared.contracts.operating import AlertRaised
from shared.postgres import Transaction, columns


async def add(tx: Transaction, book: Book) -> list[AlertRaised]:
    """Keep one alert a mark; those that are there already were raised before."""
    if not book.alerts:
        return []
    marks = {(a.account_id, a.kind, a.about, a.threshold): a for a in reversed(book.alerts)}
    alerts = list(marks.values())
    lanes = [book.accounts[alert.account_id].lane for alert in alerts]
    rows = [sql.to_json(alert) for alert in alerts]
    added = await tx.fetch(sql.ADD_ALERTS, book.now, lanes, rows, *columns(alerts, *sql.ALERT))
    fresh = {row[0] for row in added}
    return [alert for alert in alerts if alert.alert_id in fresh]
