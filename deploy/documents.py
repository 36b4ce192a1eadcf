"""Writes the documents that are made from the code, or says that they are not up to date."""

import argparse
import json
import sys
from pathlib import Path

from shared.contracts.asyncapi import document
from shared.contracts.services import SERVICES

ASYNCAPI = Path(__file__).parent.parent / "docs" / "asyncapi.json"


def written() -> str:
    """The AsyncAPI document, as it stands in the repository."""
    return json.dumps(document(SERVICES), indent=1, ensure_ascii=False) + "\n"


def is_up_to_date(path: Path) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == written()


def main() -> int:
    """Exit code 1, and one line, where `--check` finds another document than the code makes."""
    parser = argparse.ArgumentParser(prog="python -m deploy.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("--to", type=Path, default=ASYNCAPI, help="where it stands")
    asked = parser.parse_args()
    if not asked.check:
        asked.to.parent.mkdir(parents=True, exist_ok=True)
        asked.to.write_text(written(), encoding="utf-8")
    elif not is_up_to_date(asked.to):
        sys.stderr.write(f"{asked.to} is not up to date: run `python -m deploy.documents`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
