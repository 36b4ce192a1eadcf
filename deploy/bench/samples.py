"""Where a worker's processor time goes: what it was doing each time it was interrupted."""

from collections import Counter
from collections.abc import Sequence
from signal import SIGUSR1, SIGUSR2
from types import CodeType, FrameType
from typing import TypeAlias

import msgspec

EVERY_SECONDS = 0.001  # Of processor time; Linux gives no more than 250 a second.
START, STOP = SIGUSR1, SIGUSR2

Line: TypeAlias = tuple[CodeType, int]


class Profile(msgspec.Struct, frozen=True):
    """Samples a function (its own, and with what it called), and samples a line."""

    functions: Sequence[tuple[str, int, int]]
    lines: Sequence[tuple[str, int]]


class Samples:
    """How often each line was at work, and each function was at work or waited for its callees."""

    def __init__(self) -> None:
        self.lines = Counter[Line]()
        self.functions = Counter[CodeType]()

    def take(self, _number: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self.lines[frame.f_code, frame.f_lineno] += 1
        seen = set[CodeType]()
        while frame is not None:
            seen.add(frame.f_code)
            frame = frame.f_back
        self.functions.update(seen)

    def counted(self) -> Profile:
        own = Counter[CodeType]()
        for (code, _), count in self.lines.items():
            own[code] += count
        functions = [(place_of(code), own[code], total) for code, total in self.functions.items()]
        lines = [(f"{code.co_filename}:{line}", n) for (code, line), n in self.lines.items()]
        return Profile(functions, lines)


def place_of(code: CodeType) -> str:
    return f"{code.co_filename}:{code.co_firstlineno} {code.co_qualname}"
