"""Start a history sink: `python -m history_sink`."""

from history_sink.settings import SinkSettings
from history_sink.wiring import run
from infra import service


def main() -> None:
    service.main("history_sink", SinkSettings, run)


if __name__ == "__main__":
    main()
