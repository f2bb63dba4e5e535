"""The local stack: real Kafka, Valkey and PostgreSQL as child processes of one supervisor, without Docker."""
