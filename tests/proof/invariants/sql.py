"""I9: the rows of PostgreSQL are the fold of the outcomes up to the sink's progress, each once, none besides."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

from tests.proof.case import Case
from tests.proof.report import Finding
from tests.proof.rules import sql
from tests.proof.rules.reader import Accepted

T = TypeVar("T")


def rows(case: Case) -> Finding:
    """I9. Anti-joins both ways over events, matches, seats and results."""
    finding = Finding("I9", "PostgreSQL's rows are the fold of the outcomes")
    evidence = case.evidence
    if evidence.outcomes is None:
        finding.lacks("dump of outcomes")
        return finding
    if evidence.postgres_progress is None and not evidence.circumstances.rest:
        finding.lacks("PostgreSQL's progress, while things move")
        return finding
    matches = {match: stored for match, outcomes in case.matches.items() if (stored := _stored(case, outcomes))}
    wanted_events = [row for outcomes in matches.values() for outcome in outcomes for row in sql.events(outcome)]
    _compare(finding, "event", evidence.events, wanted_events, lambda row: (row.match, row.version, row.ordinal))
    wanted_matches = [sql.match_row(match, outcomes) for match, outcomes in matches.items()]
    _compare(finding, "match", evidence.matches, wanted_matches, lambda row: row.match)
    wanted_seats = [row for match, outcomes in matches.items() for row in sql.seats(match, outcomes)]
    _compare(finding, "seat", evidence.seats, wanted_seats, lambda row: (row.match, row.seat))
    wanted_results = [row for match, outcomes in matches.items() for row in sql.results(match, outcomes)]
    _compare(finding, "result", evidence.results, wanted_results, lambda row: (row.match, row.version))
    return finding


def _stored(case: Case, outcomes: list[Accepted]) -> list[Accepted]:
    """Those that the sink has read by its own progress."""
    if case.evidence.postgres_progress is None:
        return outcomes
    following = {place.partition: place.next for place in case.evidence.postgres_progress}
    return [one for one in outcomes if one.record.offset < following.get(one.record.partition, 0)]


def _compare(
    finding: Finding, what: str, found: list[T] | None, wanted: Iterable[T], key: Callable[[T], Any]
) -> None:
    if found is None:
        finding.lacks(f"{what} rows")
        return
    stored: dict[Any, T] = {}
    for row in found:
        if stored.setdefault(key(row), row) is not row:
            finding.violate(f"PostgreSQL has {what} {key(row)} twice", row=_document(row))
    for row in wanted:
        has = stored.pop(key(row), None)
        finding.checked += 1
        if has is None:
            finding.violate(f"PostgreSQL lacks {what} {key(row)}", log=_document(row))
        elif has != row:
            sentence = f"PostgreSQL's {what} {key(row)} differs in {_differing(has, row)}"
            finding.violate(sentence, postgres=_document(has), log=_document(row))
    for row in stored.values():
        finding.violate(
            f"PostgreSQL has {what} {key(row)}, which no outcome below its progress made", row=_document(row)
        )


def _document(row: Any) -> dict[str, Any]:
    return asdict(row)


def _differing(has: Any, wanted: Any) -> str:
    one, other = _document(has), _document(wanted)
    return ", ".join(name for name in one if one[name] != other[name])
