"""How invoicing tells a fact: whole, also where a field is its default."""

from shared.contracts.message import Event


class Told(Event, frozen=True, kw_only=True, omit_defaults=False):
    """A fact about an account, sent with every field, also where it is the default."""
