"""Starts auth_api: `python -m auth_api`."""

from auth_api.settings import AuthSettings
from auth_api.wiring import run
from infra import service


def main() -> None:
    service.main("auth_api", AuthSettings, run)


if __name__ == "__main__":
    main()
