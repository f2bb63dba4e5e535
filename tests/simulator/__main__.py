"""`python -m tests.simulator`: many seeds on all cores, one with its trace, or each seeded bug."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from queue import Queue
from threading import Thread
from typing import Annotated, Any

import orjson
import typer

from tests.simulator.bugs import BUGS
from tests.simulator.run import Simulation, quiet, run

app = typer.Typer(add_completion=False)
MODULE = "tests.simulator"


class Workers:
    """Processes with different hash seeds that share the seeds; results come as they are ready."""

    def __init__(self, first: int, count: int, jobs: int, bug: str = "") -> None:
        self._results: Queue[dict[str, Any] | None] = Queue()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"{MODULE}.worker", *map(str, (first, count, index, jobs)), bug],
                env={**os.environ, "PYTHONHASHSEED": str(index + 1)},
                stdout=subprocess.PIPE,
            )
            for index in range(jobs)
        ]
        for process in self._processes:
            Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._results.put(orjson.loads(line))
        self._results.put(None)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        running = len(self._processes)
        while running:
            result = self._results.get()
            if result is None:
                running -= 1
            else:
                yield result
        if any(process.wait() for process in self._processes):
            raise typer.Exit(2)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Digests:
    """Two runs of a seed, in processes with different hash seeds, must have gone the same way."""

    def __init__(self) -> None:
        self._first: dict[int, str] = {}
        self.compared = 0

    def differ(self, result: dict[str, Any]) -> bool:
        """Whether this is a second run, and another one than the first."""
        before = self._first.pop(result["seed"], None)
        if before is None:
            self._first[result["seed"]] = result["digest"]
            return False
        self.compared += 1
        return bool(before != result["digest"])


def replay(seed: int, bug: str) -> str:
    """The command that runs a seed again and prints its trace."""
    return f".venv/bin/python -m {MODULE} --from {seed} --seeds 1" + (f" --bug {bug}" if bug else "")


@app.command()
def main(
    seeds: Annotated[int, typer.Option(help="How many seeds to run.")] = 20_000,
    first: Annotated[int, typer.Option("--from", help="The first seed.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes.")] = os.cpu_count() or 2,
    bug: Annotated[str, typer.Option(help=f"Seed a bug: {', '.join(BUGS)}.")] = "",
    bugs: Annotated[bool, typer.Option("--bugs", help="Seed every bug in turn, until it is found.")] = False,
) -> None:
    """Simulate Playlog: every seed is a schedule of players, faults and clocks, judged by the checker."""
    if bug and bug not in BUGS:
        raise typer.BadParameter(f"there is no bug {bug}: {', '.join(BUGS)}")
    if seeds == 1:
        raise typer.Exit(_one(first, bug))
    jobs = max(2, jobs)
    raise typer.Exit(_every_bug(first, jobs) if bugs else _many(first, seeds, jobs, bug))


def _one(seed: int, bug: str) -> int:
    """A seed with its trace."""
    quiet()
    traces: list[Any] = []
    Simulation.watch = traces.extend
    result = run(seed, bug)
    for at, what, detail in traces:
        typer.echo(f"{at:9.4f}  {what:<12} {str(detail or '')[:160]}")
    typer.echo(f"seed {seed}: {result.text or 'everything holds'}\ntrace {result.digest}")
    return 1 if result.text else 0


def _many(first: int, count: int, jobs: int, bug: str) -> int:
    began, failed, digests = time.monotonic(), 0, Digests()
    for done, result in enumerate(Workers(first, count, jobs, bug), start=1):
        problem, seed = _problem(result, digests), result["seed"]
        if problem:
            failed += 1
            typer.echo(f"\nseed {seed}: {problem}\n  again, with its trace: {replay(seed, bug)}")
        if done % 50 == 0:
            _progress(done, count, began, failed)
    seconds = time.monotonic() - began
    typer.echo(
        f"\n{count} seeds in {seconds:.0f} s ({count / seconds:.0f}/s), {failed} failed; "
        f"{digests.compared} of them ran twice, with another hash seed, and went the same way"
    )
    return 1 if failed else 0


def _problem(result: dict[str, Any], digests: Digests) -> str:
    """What is wrong with a run; one of two is not judged, only compared."""
    if digests.differ(result):
        return "I12: two runs with different hash seeds went different ways"
    return str(result["text"])


def _progress(done: int, count: int, began: float, failed: int) -> None:
    rate = done / (time.monotonic() - began)
    line = f"{done} of about {round(count * 1.1)} runs, {rate:.0f}/s, {failed} failed"
    sys.stderr.write(f"\r{line}" if sys.stderr.isatty() else f"{line}\n" if done % 1000 == 0 else "")
    sys.stderr.flush()


def _every_bug(first: int, jobs: int) -> int:
    """A table: bug, the seed it was found at, what it violated."""
    quiet()
    missed = 0
    for name, bug in BUGS.items():
        found = _find(name, first, bug.within, jobs)
        missed += found is None
        where = "NOT FOUND" if found is None else f"seed {found[0]}"
        what = f"within {bug.within} seeds" if found is None else found[1]
        typer.echo(f"{name:<10} {bug.title:<52} {where:>10}  {what}")
    return 1 if missed else 0


def _find(name: str, first: int, count: int, jobs: int) -> tuple[int, str] | None:
    """The first seed that comes back red, and what it violated."""
    workers, digests = Workers(first, count, jobs, name), Digests()
    try:
        for result in workers:
            problem = _problem(result, digests)
            if problem and not run(result["seed"]).text:  # else it is no work of the bug's
                return result["seed"], ", ".join(result["violated"]) or problem
    finally:
        workers.stop()
    return None


if __name__ == "__main__":
    app()
