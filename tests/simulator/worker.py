"""One process of a simulation: runs its share of the seeds and writes a line of JSON for each."""

import gc
import sys

import orjson

from tests.simulator.run import quiet, run

TWICE = 10  # every tenth seed is run by two processes
COLLECT_EVERY = 100  # seeds: of the garbage of so many a collection costs little, and it fits in memory


def share(first: int, count: int, index: int, jobs: int) -> list[int]:
    """The seeds of worker `index`: its own ones, and each tenth one of its neighbour's."""
    other = (index + 1) % jobs
    return [
        seed
        for seed in range(first, first + count)
        if seed % jobs == index or (seed // jobs % TWICE == 0 and seed % jobs == other)
    ]


def main() -> None:
    """Arguments: first seed, number of seeds, own index, number of workers, name of a bug or nothing."""
    first, count, index, jobs = map(int, sys.argv[1:5])
    bug = sys.argv[5] if len(sys.argv) > 5 else ""
    quiet()
    gc.set_threshold(1_000_000_000)  # looked for below, between seeds
    gc.freeze()
    for number, seed in enumerate(share(first, count, index, jobs)):
        result = run(seed, bug, judged=seed % jobs == index)
        sys.stdout.buffer.write(orjson.dumps(result._asdict()) + b"\n")
        sys.stdout.buffer.flush()
        if number % COLLECT_EVERY == 0:
            gc.collect()


if __name__ == "__main__":
    main()
