"""The tables of the naive reference, as an ORM has them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "naive"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)
    type_annotation_map: Mapping[type, object] = {
        int: BigInteger,
        datetime: TIMESTAMP(timezone=True),
    }


class Account(Base):
    __tablename__ = "accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    balance: Mapped[int]
    held: Mapped[int]


class Reservation(Base):
    __tablename__ = "reservations"

    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.account_id))
    operation_type: Mapped[str]
    state: Mapped[str]
    estimated: Mapped[int]
    held: Mapped[int]
    charged: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Entry(Base):
    __tablename__ = "ledger"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.account_id))
    operation_id: Mapped[UUID]
    amount: Mapped[int]
    balance_after: Mapped[int]
    created_at: Mapped[datetime]


class Use(Base):
    __tablename__ = "usage"

    usage_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.account_id))
    operation_id: Mapped[UUID]
    operation_type: Mapped[str]
    model_used: Mapped[str]
    tokens_input: Mapped[int]
    tokens_output: Mapped[int]
    credits_used: Mapped[int]
    created_at: Mapped[datetime]


class Counter(Base):
    __tablename__ = "counters"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    limit_type: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]
    held: Mapped[int]
    allowed: Mapped[int]


class Hold(Base):
    __tablename__ = "holds"

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    hold_id: Mapped[UUID] = mapped_column(unique=True)
    account_id: Mapped[UUID]
    limit_type: Mapped[str]
    purpose: Mapped[str]
    state: Mapped[str]
    granted: Mapped[int]
    confirmed: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
