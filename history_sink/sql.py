"""The sink's statements; each takes whole columns as arrays."""
# ruff: noqa: S608 - what is put into the texts are names of tables and a number

from schemas import tables

PROGRESS = f"SELECT * FROM {tables.PROGRESS} WHERE partition = ANY($1::int[])"

BEGIN = f"""
INSERT INTO {tables.PROGRESS} (partition, next_offset, watermark, crc) VALUES ($1, 0, -1, 0)
ON CONFLICT DO NOTHING
"""

CLAIM = f"""
UPDATE {tables.PROGRESS} AS p
SET next_offset = n.next_offset, fence_offset = n.fence_offset, fence_id = n.fence_id,
    watermark = n.watermark, crc = n.crc
FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[])
    AS n (partition, read_from, next_offset, fence_offset, fence_id, watermark, crc)
WHERE p.partition = n.partition AND p.next_offset = n.read_from
RETURNING p.partition
"""

SCORES = f"SELECT id, score FROM {tables.MATCHES} WHERE id = ANY($1::uuid[])"

MATCHES = f"""
INSERT INTO {tables.MATCHES} AS m (id, game, status, version, winner, ended_by, score, options, view,
    created_at, ended_at, updated_at, partition)
SELECT id, game, status, version, winner, ended_by, score::int[], options::jsonb, view::jsonb,
    created_at, ended_at, updated_at, partition
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::smallint[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[])
    AS n (id, game, status, version, winner, ended_by, score, options, view,
          created_at, ended_at, updated_at, partition)
ON CONFLICT (id) DO UPDATE SET
    status = EXCLUDED.status, version = EXCLUDED.version, winner = EXCLUDED.winner, ended_by = EXCLUDED.ended_by,
    score = EXCLUDED.score, view = EXCLUDED.view, updated_at = EXCLUDED.updated_at,
    ended_at = CASE WHEN EXCLUDED.status = 'ended' THEN coalesce(EXCLUDED.ended_at, m.ended_at) END
"""

SEATS = f"""
INSERT INTO {tables.SEATS} (match_id, seat, player)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[])
ON CONFLICT (match_id, seat) DO UPDATE SET player = EXCLUDED.player
"""

RESULTS = f"""
INSERT INTO {tables.RESULTS} (match_id, version, winner, score, ended_by, ended_at)
SELECT match_id, version, winner, score::int[], ended_by, ended_at
FROM unnest($1::uuid[], $2::int[], $3::smallint[], $4::text[], $5::text[], $6::timestamptz[])
    AS n (match_id, version, winner, score, ended_by, ended_at)
"""


def erase(partition: int, read_to: int) -> str:
    """One implicit transaction that removes whatever came from a partition, unless its progress is another one.

    The progress goes first: whoever is storing rows of the partition has ended before the rest is looked at, and
    nobody begins meanwhile.
    """
    gone = f"NOT EXISTS (SELECT FROM {tables.PROGRESS} WHERE partition = {partition:d})"
    own = f"(SELECT id FROM {tables.MATCHES} WHERE partition = {partition:d} AND {gone})"
    return f"""
    DELETE FROM {tables.PROGRESS} WHERE partition = {partition:d} AND next_offset = {read_to:d};
    DELETE FROM {tables.EVENTS} WHERE match_id IN {own};
    DELETE FROM {tables.RESULTS} WHERE match_id IN {own};
    DELETE FROM {tables.SEATS} WHERE match_id IN {own};
    DELETE FROM {tables.MATCHES} WHERE partition = {partition:d} AND {gone};
    """
