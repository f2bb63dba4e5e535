"""Matches with their seats, events and results, and how far each partition of the log is in."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE history.matches (
            id uuid PRIMARY KEY,
            game text NOT NULL,
            status text NOT NULL,
            version int NOT NULL,
            winner smallint,
            ended_by text,
            score int[] NOT NULL,
            options jsonb NOT NULL,
            view jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            ended_at timestamptz,
            updated_at timestamptz NOT NULL,
            partition int NOT NULL
        ) WITH (fillfactor = 70)
        """
    )
    op.execute(
        """
        CREATE TABLE history.seats (
            match_id uuid NOT NULL,
            seat smallint NOT NULL,
            player text NOT NULL,
            PRIMARY KEY (match_id, seat)
        )
        """
    )
    op.execute("CREATE INDEX seats_player ON history.seats (player, match_id)")
    op.execute(
        """
        CREATE TABLE history.events (
            match_id uuid NOT NULL,
            version int NOT NULL,
            ordinal smallint NOT NULL,
            at timestamptz NOT NULL,
            type text NOT NULL,
            body jsonb NOT NULL,
            partition int NOT NULL,
            "offset" bigint NOT NULL,
            PRIMARY KEY (match_id, version, ordinal)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE history.results (
            match_id uuid NOT NULL,
            version int NOT NULL,
            winner smallint,
            score int[] NOT NULL,
            ended_by text NOT NULL,
            ended_at timestamptz NOT NULL,
            PRIMARY KEY (match_id, version)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE history.progress (
            partition int PRIMARY KEY,
            next_offset bigint NOT NULL,
            fence_offset bigint,
            fence_id text,
            watermark bigint NOT NULL,
            crc bigint NOT NULL
        ) WITH (fillfactor = 50)
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE history.progress, history.results, history.events, history.seats, history.matches")
