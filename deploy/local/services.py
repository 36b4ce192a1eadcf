"""The services there are: each has a database of its own, and `igny8 up` starts those named here."""

SERVICES = ("credits", "limits", "invoicing", "keyword_research")
STARTED = ("credits",)
