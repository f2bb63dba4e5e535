"""I7 and I16: after the healing every partition moves again, soon, and nothing has leaked."""

from collections import defaultdict

from tests.proof.case import Case
from tests.proof.evidence import Resources
from tests.proof.report import Finding

FEWEST = 8  # samples of a process from which a leak can be told
MEMORY = 1.10, 8 * 2**20  # the factor and the bytes by which the last quarter may be above the second one
DESCRIPTORS = 5


def nothing_hangs(case: Case) -> Finding:
    """I7. A sentinel gets through every partition in its time; every log's end is stable."""
    finding = Finding("I7", "nothing hangs: sentinels come through, LSO = HW")
    evidence = case.evidence
    if evidence.sentinels is None:
        finding.lacks("sentinels")
    if evidence.watermarks is None:
        finding.lacks("broker watermarks")
    for one in evidence.sentinels or []:
        took = None if one.seen is None else one.seen - one.sent
        came = "never came back" if took is None else f"took {took:.2f} s"
        sentence = f"the sentinel of partition {one.partition} {came}, its bound is {one.bound:g} s"
        finding.expect(took is not None and took <= one.bound, sentence, command_id=one.command)
        counted = one.seen is None or evidence.outcomes is None or one.command in case.by_command
        if not counted:
            finding.violate(
                f"the sentinel of partition {one.partition} has no outcome that counts", command_id=one.command
            )
    for mark in evidence.watermarks or []:
        place = f"{mark.topic} {mark.partition}"
        finding.expect(mark.lso == mark.hw, f"{place}: the last stable offset is {mark.lso}, the end {mark.hw}")
        if mark.start != 0:
            finding.violate(f"{place} begins at {mark.start}: its head is gone", partition=mark.partition)
    return finding


def recovers(case: Case) -> Finding:
    """I16. Things go on within their bounds, and survivors stay as large as they were."""
    finding = Finding("I16", "recovery within bounds, and no leak over the cycles")
    evidence = case.evidence
    if evidence.recoveries is None:
        finding.lacks("recovery times")
    if evidence.resources is None:
        finding.lacks("resource samples")
    for one in evidence.recoveries or []:
        took = "did not end" if one.took is None else f"took {one.took:.2f} s"
        within = one.took is not None and one.took <= one.bound
        finding.expect(within, f"{one.what} {took}, its bound is {one.bound:g} s", bound=one.bound, took=one.took)
    samples: dict[str, list[Resources]] = defaultdict(list)
    for sample in evidence.resources or []:
        samples[sample.process].append(sample)
    for process, taken in samples.items():
        if len(taken) < FEWEST:
            finding.lacks(f"{FEWEST} samples of {process}")
        else:
            _flat(finding, process, sorted(taken, key=lambda one: one.cycle))
    return finding


def _flat(finding: Finding, process: str, samples: list[Resources]) -> None:
    """The last quarter beside the second one: the first is warming up."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    cycles = {"process": process, "cycles": [samples[0].cycle, samples[-1].cycle]}
    before, after = (sum(one.memory for one in part) / quarter for part in (early, late))
    limit = before * MEMORY[0] + MEMORY[1]
    sentence = f"{process} grew from {before / 2**20:.1f} to {after / 2**20:.1f} MiB"
    finding.expect(after <= limit, sentence, before=before, after=after, **cycles)
    most, now = (max(one.descriptors for one in part) for part in (early, late))
    sentence = f"{process} went from {most} to {now} descriptors"
    finding.expect(now <= most + DESCRIPTORS, sentence, before=most, after=now, **cycles)
    held, holds = (max((one.subscriptions or 0) for one in part) for part in (early, late))
    finding.expect(
        holds <= held, f"{process} went from {held} to {holds} subscriptions", before=held, after=holds, **cycles
    )
