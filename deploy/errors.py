"""What the operator can mend: said in one line instead of a traceback."""

PROGRAM = "igny8: "  # What such a line begins with.


class OperatorError(Exception):
    """Something that the program needs is missing or in the way: the text says what."""
