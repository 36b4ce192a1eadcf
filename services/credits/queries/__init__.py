"""All SQL that answers questions about credits; read-only, a fixed number of statements a kind.

A file a subject: each has its look-ups, which take all questions of their kind in a poll at once.
"""

from collections.abc import Mapping
from types import MappingProxyType

from services.credits.queries.accounts import balances
from services.credits.queries.books import Books, Library
from services.credits.queries.commands import command_outcomes
from services.credits.queries.estimates import estimates
from services.credits.queries.forecast import forecasts
from services.credits.queries.insights import insights
from services.credits.queries.ledger import transactions, transactions_of_all
from services.credits.queries.log import not_exported, usage_logs, usage_logs_of_all
from services.credits.queries.operations import operation_details
from services.credits.queries.prices import cost_configs, model_prices
from services.credits.queries.runs import run_details
from services.credits.queries.stats import stats, stats_of_all
from services.credits.queries.tips import tips
from shared.alerting.listing import alerts
from shared.asking import Desk, LookUp
from shared.audit_pages import audits, audits_of_all
from shared.contracts.asking import Params
from shared.contracts.credits.queries import (
    AskBalance,
    AskCostConfigs,
    AskEstimate,
    AskForecast,
    AskInsights,
    AskModelPrices,
    AskOperation,
    AskRun,
    AskStats,
    AskTips,
    AskTransactions,
    AskUsage,
    AskUsageExport,
)
from shared.contracts.operating import AskAlerts, AskAudit, AskHealth, AskOutcome
from shared.health.answers import health
from shared.settings import Settings

__all__ = ["Books", "make_desk"]

ABOUT_ONE: Mapping[type[Params], LookUp[Books]] = MappingProxyType(
    {
        AskBalance: balances,
        AskEstimate: estimates,
        AskTransactions: transactions,
        AskUsage: usage_logs,
        AskUsageExport: not_exported,
        AskInsights: insights,
        AskForecast: forecasts,
        AskTips: tips,
        AskStats: stats,
        AskOperation: operation_details,
        AskRun: run_details,
        AskOutcome: command_outcomes,
        AskCostConfigs: cost_configs,
        AskModelPrices: model_prices,
        AskAudit: audits,
        AskAlerts: alerts,
        AskHealth: health,
    }
)
ABOUT_ALL: Mapping[type[Params], LookUp[Books]] = MappingProxyType(
    {
        AskTransactions: transactions_of_all,
        AskUsage: usage_logs_of_all,
        AskStats: stats_of_all,
        AskAudit: audits_of_all,
        AskOutcome: command_outcomes,  # Of a change of prices, which are nobody's.
        AskHealth: health,  # It is about no account.
    }
)


def make_desk(name: str, settings: Settings) -> Desk[Books]:
    """Where the questions of a service's group are answered."""
    return Desk(name, Library(settings).open, ABOUT_ONE, ABOUT_ALL)
