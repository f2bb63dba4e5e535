"""Which of our own processes make up Playlog, the steps before them, and the environment each one gets."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.stack.child import Program
from infra.stack.health import LOOPBACK, in_url, reachable
from infra.stack.home import Home
from infra.stack.ports import Ports
from infra.stack.settings import CLONE, StackSettings

# What must succeed before the services start: arguments of `playlog`, run as soon as the store they need answers.
STEPS = {
    "topics": ("kafka", ("topics", "apply")),
    "tables": ("postgres", ("migrate",)),
}


@dataclass(frozen=True)
class Service:
    """`module` is what `python -m` runs, `name` is kept over restarts (Kafka knows engine workers by it)."""

    module: str
    name: str
    port_setting: str = ""  # empty: the health port, chosen
    host_setting: str = "PLAYLOG_HEALTH_HOST"
    hurried: bool = False  # players wait for it, so an understudy stands by


# Tiers, in the order of their start; they end in the reverse order, so that the door closes first.
SERVICES = (
    (
        Service("auth_api", "auth", "PLAYLOG_AUTH_PORT", "PLAYLOG_AUTH_HOST"),
        Service("engine_worker", "engine-1", hurried=True),
        Service("engine_worker", "engine-2", hurried=True),
        Service("session_worker", "session", hurried=True),
        Service("history_sink", "history"),
    ),
    (Service("gateway_api", "gateway", "PLAYLOG_GATEWAY_PORT", "PLAYLOG_GATEWAY_HOST"),),
)


def python() -> str:
    """This environment's interpreter, unresolved, so that a command line names the clone it belongs to."""
    own = Path(sys.prefix).absolute() / "bin" / "python"
    return str(own if sys.prefix != sys.base_prefix and own.exists() else Path(sys.executable).absolute())


@dataclass(frozen=True)
class Plan:
    """What to run beside the stores: `steps`, by the store they need, to their end, then `tiers` for good."""

    steps: dict[str, Program]
    tiers: list[list[Program]]


def plan(settings: StackSettings, home: Home, ports: Ports, stores: Mapping[str, str]) -> Plan:
    """Picks the services' ports and writes their command lines; `stores` is how to reach the stores."""
    picked = {service.name: _port(service, settings, ports) for tier in SERVICES for service in tier}
    shared = {**settings.environment, **stores, **_addresses(settings, home, picked)}
    return Plan(
        steps={needs: _step(name, home, arguments, shared) for name, (needs, arguments) in STEPS.items()},
        tiers=[[_program(service, home, shared, picked[service.name]) for service in tier] for tier in SERVICES],
    )


def _addresses(settings: StackSettings, home: Home, picked: Mapping[str, int]) -> dict[str, str]:
    auth_host = in_url(reachable(settings.environment.get("PLAYLOG_AUTH_HOST") or LOOPBACK))
    return {
        "PLAYLOG_HOME": str(home.path),
        "PLAYLOG_GATEWAY_HOST": settings.gateway_host,
        "PLAYLOG_GATEWAY_PORT": str(picked["gateway"]),
        "PLAYLOG_AUTH_PORT": str(picked["auth"]),
        "PLAYLOG_AUTH_URL": f"http://{auth_host}:{picked['auth']}",
        "PLAYLOG_LOG_FORMAT": settings.environment.get("PLAYLOG_LOG_FORMAT") or "json",
    }


def _step(name: str, home: Home, arguments: tuple[str, ...], shared: Mapping[str, str]) -> Program:
    argv = (python(), "-m", "playlog", *arguments)
    return Program(f"playlog {' '.join(arguments)}", name, argv, home.log(name), shared, folder=CLONE)


def _port(service: Service, settings: StackSettings, ports: Ports) -> int:
    setting = service.port_setting or f"PLAYLOG_{service.name.upper().replace('-', '_')}_HEALTH_PORT"
    default = settings.gateway_port if service.name == "gateway" else None
    return ports.pick(service.name, setting, default)


def _program(service: Service, home: Home, shared: Mapping[str, str], port: int) -> Program:
    own = {"PLAYLOG_WORKER_NAME": service.name}
    if not service.port_setting:
        own["PLAYLOG_HEALTH_PORT"] = str(port)
    return Program(
        service.name,
        service.module,
        (python(), "-m", service.module),
        home.log(service.name),
        {**shared, **own},
        port,
        shared.get(service.host_setting) or LOOPBACK,
        folder=CLONE,
        understudy=(python(), "-m", "infra.stack.understudy", service.module) if service.hurried else None,
    )
