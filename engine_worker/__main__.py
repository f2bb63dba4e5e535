"""Start an engine worker: `python -m engine_worker`."""

import gc

from engine_worker.settings import EngineSettings
from engine_worker.wiring import run
from infra import service


def main() -> None:
    # the fold makes no cycles and holds many objects: seldom looking for garbage saves a third of the CPU
    gc.set_threshold(100_000, 50, 1000)
    service.main("engine_worker", EngineSettings, run)


if __name__ == "__main__":
    main()
