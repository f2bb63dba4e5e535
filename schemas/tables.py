"""PostgreSQL tables by name, for the sink that writes them and the gateway that reads them."""

SCHEMA = "history"
MATCHES = f"{SCHEMA}.matches"  # one row a match: newest public view and what lists are made of
SEATS = f"{SCHEMA}.seats"  # who sat where
EVENTS = f"{SCHEMA}.events"  # every event, (match_id, version, ordinal)
RESULTS = f"{SCHEMA}.results"  # one row for each time a match ended (a rematch ends again)
PROGRESS = f"{SCHEMA}.progress"  # how far the log is in, one row a partition
