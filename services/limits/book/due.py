"""What the sweep finds: things of an account whose time has come, and that nobody says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HoldDue:
    """A hold that may have expired."""

    account_id: str
    hold_id: str

    @property
    def subject(self) -> str:
        return self.hold_id


@dataclass(frozen=True, slots=True)
class InvitationDue:
    """An invitation that may have ended."""

    account_id: str
    member_id: str

    @property
    def subject(self) -> str:
        return self.member_id


@dataclass(frozen=True, slots=True)
class WindowDue:
    """A month that has begun, which the account has not opened yet."""

    account_id: str
    window: str

    @property
    def subject(self) -> str:
        return self.window


@dataclass(frozen=True, slots=True)
class PlanDue:
    """A plan that has other limits than those that the account has followed."""

    account_id: str
    plan_code: str
    version: int

    @property
    def subject(self) -> str:
        return f"{self.plan_code}:{self.version}"
