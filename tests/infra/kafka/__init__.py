"""Tests of the Kafka machinery."""
