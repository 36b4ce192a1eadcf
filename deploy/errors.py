"""What the operator can mend: said in one line instead of a traceback."""


class OperatorError(Exception):
    """Something that the program needs is missing or in the way: the text says what."""
