"""The questions of a poll as rows, to which a statement finds what answers each."""

from collections.abc import Mapping

# Lists of words come as one text, for arrays of arrays are of one length.
WORDS = "words"


def asked_as(columns: Mapping[str, str]) -> str:
    """A table `asked` of these columns with their types, and each question's place, from 1 on."""
    types = ["text" if kind == WORDS else kind for kind in columns.values()]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
    asked = f"unnest({arrays}) WITH ORDINALITY AS asked ({', '.join(columns)}, place)"
    if WORDS not in columns.values():
        return asked
    # OFFSET 0: a list is taken apart once a question, and not once a row that it is compared with.
    shown = ", ".join(
        f"string_to_array({name}, ',') AS {name}" if kind == WORDS else name
        for name, kind in columns.items()
    )
    return f"(SELECT {shown}, place FROM {asked} OFFSET 0) AS asked"  # noqa: S608 - Constants.
