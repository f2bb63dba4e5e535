"""Sessions that ended lately are looked up when Redis was emptied."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX sessions_ended ON auth.sessions (ended_at) WHERE ended_at IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX auth.sessions_ended")
