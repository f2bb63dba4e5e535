"""Start an engine worker: `python -m engine_worker`."""

from engine_worker.settings import EngineSettings
from engine_worker.wiring import run
from infra import service


def main() -> None:
    service.main("engine_worker", EngineSettings, run)


if __name__ == "__main__":
    main()
