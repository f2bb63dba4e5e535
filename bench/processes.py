"""CPU seconds and memory of processes with all their descendants, and what the host took, from /proc."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Cpu(NamedTuple):
    """CPU seconds since the process began, its ended children's included."""

    user: float = 0.0
    system: float = 0.0

    @property
    def both(self) -> float:
        return self.user + self.system

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.user - before.user, self.system - before.system)


class _Stat(NamedTuple):
    parent: int
    cpu: Cpu
    resident: int


def _stat(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None  # it has just ended
    user, system, ended_user, ended_system = (int(fields[place]) / TICK for place in (11, 12, 13, 14))
    return _Stat(int(fields[1]), Cpu(user + ended_user, system + ended_system), int(fields[21]) * PAGE)


def _families(pids: Mapping[str, int]) -> dict[str, list[_Stat]]:
    every = {int(entry): stat for entry in os.listdir("/proc") if entry.isdigit() and (stat := _stat(int(entry)))}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, stat in every.items():
        children[stat.parent].append(pid)
    return {name: [every[pid] for pid in _family(root, children) if pid in every] for name, root in pids.items()}


def _family(root: int, children: Mapping[int, list[int]]) -> list[int]:
    found, waiting = list[int](), [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu(pids: Mapping[str, int]) -> dict[str, Cpu]:
    """By name, so far."""
    return {
        name: Cpu(sum(stat.cpu.user for stat in family), sum(stat.cpu.system for stat in family))
        for name, family in _families(pids).items()
    }


def own_cpu() -> Cpu:
    """This process alone, without its children: what the load itself costs."""
    times = os.times()
    return Cpu(times.user, times.system)


class Machine(NamedTuple):
    """All of this machine's CPUs since it began: ticks in all, and those the host gave to somebody else."""

    ticks: int
    stolen: int

    def stolen_since(self, before: "Machine") -> float:
        """Percent of the CPU that this machine did not get, though it wanted it."""
        return 100 * (self.stolen - before.stolen) / max(1, self.ticks - before.ticks)


def machine() -> Machine:
    """From the first line of /proc/stat; guest times are counted in others already (man 5 proc)."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return Machine(sum(ticks), ticks[7])


def resident_mb(pids: Mapping[str, int]) -> dict[str, float]:
    """Resident memory by name, in MB of 1,000,000 bytes; shared pages count for each process."""
    return {name: sum(stat.resident for stat in family) / 1e6 for name, family in _families(pids).items()}


def spent(before: Mapping[str, Cpu], after: Mapping[str, Cpu]) -> dict[str, Cpu]:
    """CPU between two looks; a process that was restarted in between counts from its start."""
    return {name: late.since(before.get(name, Cpu())) for name, late in after.items()}
