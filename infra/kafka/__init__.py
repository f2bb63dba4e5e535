"""Kafka: clients with settings that keep the log's promises, and topics made and checked at start."""
