"""How what a service says is held against its rows: the same for every service.

`sayings`  facts, by statements;  `kept`  alerts and audit records;  `order`  versions that rise
`replies`  answers;  `letters`  what others said;  `signed`  who signed for what was done
"""
