"""Where an answer may be sent: nowhere but to these, whatever a sender names."""

from typing import Literal, TypeAlias, get_args

ReplyTopic: TypeAlias = Literal["replies.web", "replies.pipeline", "replies.ops"]
REPLY_TOPICS: tuple[ReplyTopic, ...] = get_args(ReplyTopic)
