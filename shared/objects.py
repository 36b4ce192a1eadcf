"""The object store: files for people, S3 or a folder, under keys that begin with whose they are."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

LOCAL = "file:"
FAILS = (BaseError, OSError)  # What an object store may raise.


def opened(url: str) -> ObjectStore:
    """`s3://bucket/prefix`, whose credentials are in the surroundings, or a folder `file:///...`."""
    return LocalStore.from_url(url, mkdir=True) if url.startswith(LOCAL) else from_url(url)


@dataclass
class Draft:
    """A file that is being written: on disk, so that memory does not grow with it."""

    file: IO[bytes]
    size: int = 0  # Bytes.
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


@asynccontextmanager
async def draft() -> AsyncIterator[Draft]:
    """Have a file that is gone after the block."""
    with TemporaryFile() as file:
        yield Draft(file)


async def put(store: ObjectStore, key: str, written: Draft) -> None:
    """Upload what was written, in parts when it is large."""
    written.file.seek(0)
    await obstore.put_async(store, key, written.file)


async def remove_older(store: ObjectStore, prefix: str, than: datetime) -> int:
    """Remove the objects below a prefix that were written before a moment; say how many."""
    removed = 0
    async for listed in obstore.list(store, prefix=prefix):
        old = [one["path"] for one in listed if one["last_modified"] < than]
        if old:
            await obstore.delete_async(store, old)
            removed += len(old)
    return removed
