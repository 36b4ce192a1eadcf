"""The services: each has a database of its own, and `igny8 up` starts those that are built."""

SERVICES = ("credits", "limits", "invoicing", "keyword_research")
STARTED = ("credits", "limits")
