"""What a process shows of itself to Prometheus; no label ever carries an account."""

from prometheus_client import Counter, Gauge, Histogram

BATCH_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

BATCH_RECORDS = Histogram(
    "igny8_batch_records", "Records a batch", ("handler",), buckets=SIZE_BUCKETS
)
BATCH_SECONDS = Histogram(
    "igny8_batch_seconds", "Time a batch takes", ("handler",), buckets=BATCH_BUCKETS
)
MESSAGES = Counter("igny8_messages", "Messages by what became of them", ("handler", "outcome"))
LAG = Gauge("igny8_lag_records", "Records not read yet", ("group", "topic", "partition"))
AGE = Gauge(
    "igny8_oldest_unprocessed_age_seconds",
    "How long the oldest record that was not applied yet has waited",
    ("group", "topic", "partition"),
)
OUTBOX_ROWS = Gauge("igny8_outbox_rows", "Parcels that wait for the broker or for their deletion")
OUTBOX_AGE = Gauge("igny8_outbox_oldest_age_seconds", "Age of the oldest of them")
PUBLISH_FAILURES = Counter(
    "igny8_publish_failures", "Parcels and answers that the broker did not take at once"
)
TOO_LARGE = Counter("igny8_records_too_large", "Records that the broker never takes", ("topic",))
OFFSET_CONFLICTS = Counter(
    "igny8_offset_conflicts", "Polls of which a part was applied by somebody else", ("group",)
)
REBALANCES = Counter("igny8_rebalances", "Assignments of partitions", ("group",))
BISECTS = Counter("igny8_bisects", "Batches that were halved", ("group",))
RETRIES = Counter("igny8_retries", "Batches that were tried again", ("group",))
COMMIT_FAILURES = Counter("igny8_commit_failures", "Offsets that Kafka did not take", ("group",))
DEAD_LETTERS = Counter("igny8_dead_letters", "Records set aside", ("topic", "reason"))
DEAD_LETTER_SHARE = Gauge(
    "igny8_dead_letter_share",
    "Share of dead letters among the last 10,000 records of a partition",
    ("topic", "partition"),
)
STOPPED = Gauge(
    "igny8_partition_stopped",
    "1 where a partition stands still because too much of it cannot be read",
    ("topic", "partition"),
)
UNKNOWN_REPLY_TOPICS = Counter(
    "igny8_unknown_reply_topics", "Answers that were wanted where we do not write"
)
LOOP_LAG = Gauge("igny8_event_loop_lag_seconds", "How late the event loop wakes")
CLOCK_OFFSET = Gauge("igny8_clock_offset_seconds", "The database's clock less that of the process")
RESERVATIONS_OPEN = Gauge("igny8_reservations_open", "Holds that are open")
RESERVATION_OVERDUE = Gauge(
    "igny8_reservation_overdue_seconds", "How long the oldest hold should have ended"
)
POOL_IN_USE = Gauge("igny8_db_pool_in_use", "Connections in use", ("pool",))
POOL_ACQUIRE = Histogram(
    "igny8_db_acquire_seconds", "Time until a connection is free", buckets=BATCH_BUCKETS
)
DEADLOCKS = Counter("igny8_db_deadlocks", "Deadlocks that PostgreSQL resolved against us")
ALERTS = Counter("igny8_alerts", "Alerts raised", ("kind", "severity"))
