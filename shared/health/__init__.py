"""How a process is doing, and how a service is: all of its processes together.

`pulse`  what a process counts;  `tables`  where it writes it down;  `reports`  that it does, and
says so;  `answers`  the answer to `system.health`
"""
