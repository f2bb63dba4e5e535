"""All services as processes: ready together, and each back after a crash."""

import time

import pytest

from infra.stack.platform import Platform

pytestmark = pytest.mark.stack


def test_every_service_is_ready_and_comes_back_after_a_crash(platform: Platform) -> None:
    assert set(platform.services) == {"auth", "engine-1", "engine-2", "session", "history", "gateway"}
    before = platform["engine-1"].pid
    platform["engine-1"].kill()
    assert not platform["engine-1"].running
    platform["engine-1"].start()
    platform.wait_ready()
    assert platform["engine-1"].pid != before


def test_a_stalled_service_runs_but_is_not_ready(platform: Platform) -> None:
    history = platform["history"]
    history.pause()
    assert history.running
    assert not history.ready
    history.resume()
    began = time.monotonic()
    platform.wait_ready()
    assert time.monotonic() - began < 30
