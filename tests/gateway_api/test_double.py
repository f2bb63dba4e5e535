"""The gateway tests' engine outlives what a paused Kafka does to its consumer."""

import asyncio

from tests.gateway_api.conftest import Running
from tests.gateway_api.double import Double

PATIENCE = 20.0


async def kill_fetcher(double: Double) -> None:
    """What aiokafka does to itself when a fetch times out on a connection that is gone already."""
    fetcher = double.consumer._fetcher

    def broken(_: object) -> None:
        raise KeyError((1, "default"))

    fetcher._get_actions_per_node = broken
    fetcher._notify(fetcher._wait_consume_future)
    await asyncio.wait({fetcher.error_future}, timeout=PATIENCE)
    assert fetcher.error_future.done()


async def test_given_a_consumer_whose_fetcher_died_when_a_command_comes_it_is_judged(gateway: Running) -> None:
    ann = await gateway.guest()
    await kill_fetcher(gateway.double)
    match = await ann.new_match()
    async with asyncio.timeout(PATIENCE):
        while match not in gateway.double.matches:
            await asyncio.sleep(0.02)
