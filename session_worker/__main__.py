"""Start a session worker: `python -m session_worker`."""

from infra import service
from session_worker.settings import SessionSettings
from session_worker.wiring import run


def main() -> None:
    service.main("session_worker", SessionSettings, run)


if __name__ == "__main__":
    main()
