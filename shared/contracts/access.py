"""The Who column of `payloads.md`: one word a topic, and the roles that a word stands for."""

from typing import NamedTuple

ROLES = ("developer", "owner", "admin", "editor", "viewer", "system_bot")


class Who(NamedTuple):
    """Who may write: people by role, and whether a record without actor is a service's."""

    roles: frozenset[str]
    is_service: bool = False
    needs_account: bool = True

    def __or__(self, other: object) -> "Who":
        if not isinstance(other, Who):
            return NotImplemented
        return Who(
            self.roles | other.roles,
            self.is_service or other.is_service,
            self.needs_account and other.needs_account,
        )


def people(*roles: str) -> Who:
    """A developer may do what an admin may, in every account (`payloads.md` 1)."""
    return Who(frozenset(roles))


SERVICE = Who(frozenset(), is_service=True)
OWNER = people("owner")
DEVELOPER = people("developer")
ADMIN = people("developer", "owner", "admin")
EDITOR = people("developer", "owner", "admin", "editor")
EDITOR_OR_BOT = EDITOR | people("system_bot")
MEMBER = people(*ROLES)
PUBLIC = Who(frozenset(ROLES), is_service=True, needs_account=False)


IN_WORDS = (
    (frozenset(ROLES), "member"),
    (EDITOR_OR_BOT.roles, "edit+bot"),
    (EDITOR.roles, "edit"),
    (ADMIN.roles, "admin"),
    (OWNER.roles, "owner"),
    (DEVELOPER.roles, "dev"),
)


def in_words(who: Who) -> str:
    """As the page says it: `svc, edit+bot`."""
    if not who.needs_account:
        return "public"
    service = ["svc"] if who.is_service else []
    return ", ".join(service + [word for roles, word in IN_WORDS if roles == who.roles])
