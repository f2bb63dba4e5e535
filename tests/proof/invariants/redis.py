"""I8: what Redis holds is the fold of the outcomes, byte for byte, and a version never falls."""

from collections import defaultdict

import orjson

from tests.proof.case import Case, key_of, where
from tests.proof.evidence import RedisMatch, RedisResult
from tests.proof.report import Finding
from tests.proof.rules import redis
from tests.proof.rules.reader import Accepted

SLACK_MS = 10_000  # what expires within it of the dump may be there or not
NOT_LOOKED_AT = -1


def snapshots(case: Case) -> Finding:
    """I8. Every live match's hash is its newest outcome; every result is its command's; nothing else is there."""
    finding = Finding("I8", "Redis is the fold of the outcomes, and versions never fall")
    evidence = case.evidence
    _never_fall(finding, case)
    if evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    if evidence.redis_matches is None:
        finding.lacks("Redis's matches")
    else:
        _matches(finding, case, evidence.redis_matches)
    if evidence.redis_results is None:
        finding.lacks("Redis's results")
    else:
        _results(finding, case, evidence.redis_results)
    return finding


def _never_fall(finding: Finding, case: Case) -> None:
    if case.evidence.redis_writes is None:
        finding.lacks("write log of versions")
    newest: dict[str, int] = defaultdict(int)
    for write in sorted(case.evidence.redis_writes or [], key=lambda one: one.at):
        before = newest[write.match]
        sentence = f"Redis's version of {write.match} fell from {before} to {write.version}"
        finding.expect(write.version >= before, sentence, match=write.match, at=write.at)
        newest[write.match] = write.version


def _alive(case: Case, expires: int) -> bool | None:
    """Whether a key must be there (True), must be gone (False), or may be either."""
    now = case.evidence.circumstances.redis_ms
    if now is None:
        return None
    return None if abs(expires - now) <= SLACK_MS else expires > now


def _matches(finding: Finding, case: Case, found: list[RedisMatch]) -> None:
    stored = {one.match: one for one in found}
    for match, outcomes in case.matches.items():
        _match(finding, case, match, outcomes, stored.pop(match, None))
    for match, one in stored.items():
        sentence = f"Redis has version {one.fields.get('version')!r} of {match}, which no outcome made"
        finding.expect(False, sentence, match=match)


def _match(finding: Finding, case: Case, match: str, outcomes: list[Accepted], stored: RedisMatch | None) -> None:
    newest, rest = outcomes[-1], case.evidence.circumstances.rest
    alive = _alive(case, redis.expires(newest))
    if stored is None:
        must = rest and (alive or case.evidence.circumstances.redis_ms is None)
        finding.expect(not must, f"Redis does not have match {match}", **where(newest))
        return
    if alive is False and rest:
        finding.expect(False, f"Redis still has match {match}, which expired", **where(newest))
        return
    version = int(stored.fields.get("version", b"0"))
    if not rest:
        newest = case.by_version.get((match, version), newest)
    wanted = redis.snapshot(newest)
    for name in sorted(wanted.keys() | stored.fields.keys()):
        has, should = stored.fields.get(name), wanted.get(name)
        sentence = (
            f"Redis's {name} of {match}, there at version {version}, is not the log's of {newest.value['version']}"
        )
        finding.expect(has == should, sentence, **where(newest, redis=has, log=should))
    if stored.expires != NOT_LOOKED_AT and stored.expires != redis.expires(newest):
        sentence = f"match {match} expires at {stored.expires} instead of {redis.expires(newest)}"
        finding.violate(sentence, **where(newest))


def _results(finding: Finding, case: Case, found: list[RedisResult]) -> None:
    stored = {one.command: one for one in found}
    for command, outcomes in case.by_command.items():
        telling = redis.telling(outcomes)
        if telling:
            _result(finding, case, telling, stored.pop(command, None))
        elif command in stored:
            one = stored.pop(command)
            finding.expect(False, f"Redis has a result of {command}, whose key was reused", body=one.body)
    for command, one in stored.items():
        finding.expect(False, f"Redis has a result of {command}, which has no outcome", body=one.body)


def _result(finding: Finding, case: Case, telling: list[Accepted], stored: RedisResult | None) -> None:
    """Any of a command's outcomes may have left the result; after the last own one, only that and its repeats."""
    own = [index for index, one in enumerate(telling) if one.value["duplicate_of"] is None]
    telling = telling[own[-1] :] if own and case.evidence.circumstances.rest else telling
    command = telling[-1].value["command_id"]
    ends = [outcome.value["at"] + redis.DAY for outcome in telling]
    if stored is None:
        must = case.evidence.circumstances.rest and _alive(case, ends[0])
        finding.expect(not must, f"Redis does not have the result of {command}", **where(telling[-1]))
        return
    if _alive(case, ends[-1]) is False:
        finding.expect(False, f"Redis still has the result of {command}, which expired", **where(telling[-1]))
        return
    told = orjson.loads(stored.body)
    wanted = [redis.result(outcome, key_of(outcome.record)) for outcome in telling]
    sentence = f"Redis's result of {command} is not what its outcome says"
    finding.expect(told in wanted, sentence, **where(telling[-1], redis=told, log=wanted[-1]))
    if stored.expires != NOT_LOOKED_AT and stored.expires not in ends:
        finding.violate(
            f"the result of {command} expires at {stored.expires}, not at one of {ends}", **where(telling[-1])
        )
