"""Starts gateway_api: `python -m gateway_api`."""

from gateway_api.settings import GatewaySettings
from gateway_api.wiring import run
from infra import service


def main() -> None:
    service.main("gateway_api", GatewaySettings, run)


if __name__ == "__main__":
    main()
