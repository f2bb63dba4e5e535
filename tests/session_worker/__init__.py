"""Tests of session_worker, and the log that readers are tested with."""
