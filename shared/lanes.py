"""Where an account lives: one of 64 lanes, which decides its partition and leads its keys."""

from functools import lru_cache
from struct import Struct

LANES = 64
KEYS_REMEMBERED = 200_000

SEED, MIX, WORD = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF
WORDS_OF_A_UUID = Struct("<9I")
UUID_BYTES = WORDS_OF_A_UUID.size


def murmur2(key: bytes) -> int:
    """Hash as Kafka's default partitioner does (MurmurHash2, 32 bits, seed 0x9747b28c)."""
    whole = len(key) // 4
    words = Struct(f"<{whole}I") if len(key) != UUID_BYTES else WORDS_OF_A_UUID
    hashed = SEED ^ len(key)
    for word in words.unpack_from(key):
        mixed = word * MIX & WORD
        hashed = (hashed * MIX & WORD) ^ ((mixed ^ mixed >> 24) * MIX & WORD)
    if rest := key[whole * 4 :]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * MIX & WORD
    hashed = (hashed ^ hashed >> 13) * MIX & WORD
    return hashed ^ hashed >> 15


@lru_cache(maxsize=KEYS_REMEMBERED)
def lane_of_key(key: bytes) -> int:
    """So that partition = lane mod partitions, for every number of partitions that divides 64."""
    return murmur2(key) & (LANES - 1)


@lru_cache(maxsize=KEYS_REMEMBERED)
def lane_of(account_id: str) -> int:
    return murmur2(account_id.encode()) & (LANES - 1)


def partition_of(key: bytes, partitions: int) -> int:
    return lane_of_key(key) % partitions


def divides_the_lanes(partitions: int) -> bool:
    """Whether every lane lies whole in one of so many partitions."""
    return 0 < partitions <= LANES and LANES % partitions == 0
