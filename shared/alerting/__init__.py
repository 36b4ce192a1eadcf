"""What somebody was told of, once a mark: kept, listed, and marked as read; for every service.

`tables`  its table;  `rules`  who sees what, and what becomes of a command;  `store`  its SQL
`raising`  how one is made;  `listing`  the answer to `alerts.list`
"""
