"""What one would write first: an ORM, one transaction a message, the answer published after it.

The reference of the benchmark, `python -m deploy.bench.naive credits` or `limits`. Each does less
than its service does: no offsets with the effects, no outbox, no repeats answered, no time-outs, no
alerts, no roll-ups, no balances announced.
"""
