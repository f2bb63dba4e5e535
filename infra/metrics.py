"""Every metric of the platform, declared once with what it says. Labels never carry ids."""

from prometheus_client import Counter, Gauge, Histogram

MILLISECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

COMMAND_TO_OUTCOME = Histogram(
    "playlog_command_to_outcome_seconds",
    "From the broker's timestamp of a poll's oldest command to the acknowledgement of its outcome.",
    buckets=MILLISECONDS,
)
COMMAND_TO_SNAPSHOT = Histogram(
    "playlog_command_to_snapshot_seconds",
    "From the effective time of a command to its snapshot in Redis.",
    buckets=MILLISECONDS,
)
OUTCOMES = Counter("playlog_outcomes_total", "Outcomes that were acknowledged, by verdict.", ["verdict"])
BATCH_RECORDS = Histogram("playlog_batch_records", "Records taken in one poll.", buckets=COUNTS)
LAG_RECORDS = Gauge(
    "playlog_consumer_lag_records",
    "Records not yet handled, per topic and partition.",
    ["topic", "partition"],
)
LAG_SECONDS = Gauge(
    "playlog_consumer_lag_seconds",
    "Age of the last handled record, or of the first one read where none is handled yet, while some wait.",
    ["topic", "partition"],
)
IGNORED_RECORDS = Counter(
    "playlog_ignored_records_total", "Records that the reader rule did not accept, by reason.", ["reason"]
)
DEAD_LETTERS = Counter("playlog_dead_letters_total", "Records copied to a dead letter topic.", ["reason"])

RESTORES = Counter("playlog_restores_total", "Partitions whose state was rebuilt from the log.")
RESTORE_SECONDS = Histogram(
    "playlog_restore_seconds", "Time to rebuild one partition's state from the log.", buckets=SECONDS
)
RESTORED_RECORDS = Counter(
    "playlog_restored_records_total", "Records of outcomes that were read again to rebuild partitions."
)
CHECKPOINTS = Counter("playlog_checkpoints_total", "Checkpoints of a partition's state that were published.")
CHECKPOINT_AGE = Gauge(
    "playlog_checkpoint_age_seconds", "Age of the newest checkpoint of a partition that has one.", ["partition"]
)
CHECKPOINT_BEHIND = Gauge(
    "playlog_checkpoint_behind_records", "Outcomes that a restart would fold behind the checkpoint.", ["partition"]
)
CHECKPOINT_SECONDS = Histogram(
    "playlog_checkpoint_seconds", "From the beginning of a checkpoint to its publication.", buckets=SECONDS
)
CHECKPOINT_SLICE_SECONDS = Histogram(
    "playlog_checkpoint_slice_seconds", "Moves wait this long for one slice of a checkpoint.", buckets=MILLISECONDS
)
CHECKPOINT_BYTES = Gauge(
    "playlog_checkpoint_bytes", "Size of the newest checkpoint of a partition.", ["partition"]
)
CHECKPOINTS_FAILED = Counter(
    "playlog_checkpoints_failed_total", "Checkpoints that could not be written or cleared away, by step.", ["step"]
)
CHECKPOINTS_UNREADABLE = Counter(
    "playlog_checkpoints_unreadable_total",
    "Checkpoints that a takeover found and could not use, by reason.",
    ["reason"],
)
TERMS = Counter("playlog_terms_total", "Ownerships of a partition that ended, by reason.", ["reason"])
PARTITIONS_OWNED = Gauge("playlog_partitions_owned", "Partitions owned and ready to take commands.")

SSE_CONNECTIONS = Gauge("playlog_sse_connections", "Event streams open now.")
SSE_DROPPED = Counter("playlog_sse_dropped_total", "Event streams ended by the server, by reason.", ["reason"])
SSE_SENT = Counter("playlog_sse_sent_total", "Events written to streams.")

SINK_LAG_SECONDS = Gauge(
    "playlog_sink_lag_seconds", "Age of the oldest outcome that was read and is not in PostgreSQL yet."
)
SINK_ROWS = Counter("playlog_sink_rows_total", "Rows written to PostgreSQL, by table.", ["table"])

HTTP_SECONDS = Histogram(
    "playlog_http_request_seconds",
    "Time from request to the end of the response, by route template, method and status.",
    ["route", "method", "status"],
    buckets=MILLISECONDS,
)
LIMITED = Counter("playlog_rate_limited_total", "Requests refused by a rate limit, by limit.", ["limit"])
STORE_AWAY = Counter("playlog_store_away_total", "Calls that failed because a store was away.", ["store"])
SECURITY_EVENTS = Counter("playlog_security_events_total", "Refused or revoked credentials.", ["reason"])
