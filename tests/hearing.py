"""What was said, of all that a rule or a service says: the one thing of a kind, or all of them."""

from collections.abc import Iterable
from typing import TypeVar

from shared.contracts.errors import Error
from shared.contracts.message import Reply
from shared.contracts.operating import AlertRaised

Kind = TypeVar("Kind")


def only(kind: type[Kind], said: Iterable[object]) -> Kind:
    """The one thing of its kind that was said."""
    (found,) = all_of(kind, said)
    return found


def all_of(kind: type[Kind], said: Iterable[object]) -> list[Kind]:
    return [message for message in said if isinstance(message, kind)]


def warning(said: Iterable[object]) -> AlertRaised:
    """The one alert that operators get."""
    (alert,) = [one for one in all_of(AlertRaised, said) if one.audience == "ops"]
    return alert


def to_customers(said: Iterable[object]) -> list[AlertRaised]:
    return [alert for alert in all_of(AlertRaised, said) if alert.audience == "customer"]


def refused(said: Iterable[object]) -> Error:
    """Why the one reply refuses."""
    error = only(Reply, said).error
    assert error is not None
    return error
