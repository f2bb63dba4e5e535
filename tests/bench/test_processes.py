"""CPU and memory of a process and its children."""

import os
import subprocess
import sys

from bench.processes import Cpu, Machine, cpu, machine, own_cpu, resident_mb, spent

BUSY = "sum(range(3_000_000)); print('done', flush=True); input()"


def test_a_family_is_counted_as_one() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pids = {"busy": process.pid, "gone": 2**22 - 1}
        used, held = cpu(pids), resident_mb(pids)
        process.communicate(b"\n", timeout=10)
    assert used["busy"].both > 0.02
    assert held["busy"] > 10
    assert used["gone"] == Cpu()


def test_what_was_spent_is_the_difference() -> None:
    assert spent({"a": Cpu(1, 2)}, {"a": Cpu(2, 4), "new": Cpu(1, 0)}) == {"a": Cpu(1, 2), "new": Cpu(1, 0)}
    assert own_cpu().both <= sum(os.times()[:2]) + 1


def test_what_the_host_took_is_a_share_of_the_time_between_two_looks() -> None:
    assert Machine(1_200, 30).stolen_since(Machine(1_000, 20)) == 5.0
    assert Machine(1_000, 20).stolen_since(Machine(1_000, 20)) == 0.0
    seen = machine()
    assert 0 <= seen.stolen <= seen.ticks
