"""On whose word something is done: a service's, or a person's."""

from typing import NamedTuple

from shared.contracts.types import Role


class Asked(NamedTuple):
    """A service's estimate counts as given; what a person does is kept with his name."""

    role: Role | None = None  # None: a service.
    user_id: str | None = None
    correlation_id: str = ""

    @property
    def is_by_a_person(self) -> bool:
        return self.role is not None


BY_A_SERVICE = Asked()
