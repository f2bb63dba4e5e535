"""A service may open as many files as the system lets it."""

import resource
import subprocess
import sys

RAISE = "from infra.open_files import limit, raise_limit; print(limit(), raise_limit())"


def raised(soft: int, hard: int) -> list[int]:
    """The limit before and after, in a process that begins with these."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    found = subprocess.run(
        [sys.executable, "-c", RAISE], preexec_fn=limited, capture_output=True, text=True, check=True, timeout=30
    )
    return [int(number) for number in found.stdout.split()]


def test_a_low_soft_limit_is_raised_to_the_hard_one() -> None:
    assert raised(256, 4_000) == [256, 4_000]


def test_a_limit_that_cannot_be_raised_stays() -> None:
    assert raised(256, 256) == [256, 256]
