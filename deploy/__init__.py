"""How the system is run: the local stack, topics, migrations and the operator's program."""
