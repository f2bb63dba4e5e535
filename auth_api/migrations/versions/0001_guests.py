"""Players, their sessions (families of refresh tokens) and the tokens' hashes."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE auth.players (
            id uuid PRIMARY KEY,
            name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
            kind text NOT NULL CHECK (kind IN ('guest')),
            created_at timestamptz NOT NULL DEFAULT now(),
            seen_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    op.execute(
        """
        CREATE TABLE auth.sessions (
            id uuid PRIMARY KEY,
            player uuid NOT NULL REFERENCES auth.players ON DELETE CASCADE,
            client text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            ended_at timestamptz,
            ended_by text CHECK (ended_by IN ('logout', 'reuse')),
            CHECK ((ended_at IS NULL) = (ended_by IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX sessions_player ON auth.sessions (player)")
    op.execute("CREATE INDEX sessions_over ON auth.sessions (least(expires_at, ended_at))")
    op.execute(
        """
        CREATE TABLE auth.refresh_tokens (
            hash bytea PRIMARY KEY CHECK (length(hash) = 32),
            session uuid NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
            issued_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            used_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX refresh_tokens_session ON auth.refresh_tokens (session, issued_at)")


def downgrade() -> None:
    op.execute("DROP TABLE auth.refresh_tokens, auth.sessions, auth.players")
