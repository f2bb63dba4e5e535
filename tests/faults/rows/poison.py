"""Records that nobody of ours wrote: hijacked partitions, poison, one command at two places."""

import secrets
import time
from uuid import uuid4

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from infra.kafka.client import partition_of
from schemas.codec import Record
from schemas.command import Command, encode_command
from schemas.ids import match_id
from schemas.match import Create, Join, Options, Play
from schemas.topics import COMMAND_BYTES, MATCHES, PARTITIONS
from tests.faults.raw import Raw, raw
from tests.faults.row import Row
from tests.faults.scene import NotInjected, Scene

PLAY = b"org.playlog.match.play.v1"


async def hijacked(scene: Scene) -> None:
    """Somebody fences partitions that have an owner, over and over."""
    async with raw(scene.stores.kafka_address) as writer:
        for _ in range(max(3, int(scene.seconds // 4))):
            await scene.wait(2)
            for partition in scene.random.sample(range(PARTITIONS), 3):
                landed = await writer.fence(MATCHES.outcomes, partition)
                scene.note(f"fence at {landed}", f"outcomes-{partition}")
            await scene.wait(2)


def headers(command: str, kind: bytes = PLAY) -> list[tuple[str, bytes]]:
    return [("ce_type", kind), ("ce_id", command.encode()), ("ce_specversion", b"1.0")]


async def poisoned(scene: Scene) -> None:
    """Everything that is no command, into every partition."""
    async with raw(scene.stores.kafka_address) as writer:
        for partition in range(PARTITIONS):
            await one_of_each(scene, writer, partition)
            await scene.wait(0.3)
        await refused(writer)
    await scene.wait(3)


async def one_of_each(scene: Scene, writer: Raw, partition: int) -> None:
    key, commands = str(uuid4()).encode(), MATCHES.commands
    body = b'{"player":"p","entropy":"' + b"0" * 32 + b'","word":{"type":"match.join.v1"}}'
    join = b"org.playlog.match.join.v1"
    await writer.append(commands, partition, key, b"no JSON", headers(str(uuid4())))
    await writer.append(commands, partition, key, b'{"player": 1}', headers(str(uuid4())))
    await writer.append(commands, partition, key, b'"' + b"x" * 10_000 + b'"', headers(str(uuid4())))
    await writer.append(commands, partition, None, body, headers(str(uuid4()), join))
    await writer.append(commands, partition, key, None, headers(str(uuid4())))
    await writer.append(commands, partition, None, b"")
    await writer.append(commands, partition, key, body, headers(str(uuid4()), b"org.playlog.match.join.v99"))
    await writer.append(commands, partition, key, body, headers("\x00\xff"))
    await writer.append(commands, partition, b"\xff\xfe", body, headers(str(uuid4()), join))
    create = str(uuid4())
    misplaced = opening(create)
    home = partition_of(misplaced.key or b"", PARTITIONS)
    await writer.append(commands, (home + 1) % PARTITIONS, misplaced.key, misplaced.value, misplaced.headers)
    scene.note("poison", f"commands-{partition}")


async def refused(writer: Raw) -> None:
    """What the topic does not take at all."""
    for size in (COMMAND_BYTES + 1, (1 << 20) + 1):
        try:
            await writer.append(MATCHES.commands, 0, b"k", b"x" * size)
        except MessageSizeTooLargeError:
            continue
        except KafkaError as error:
            raise NotInjected(f"{size} bytes are refused with {type(error).__name__}") from error
        raise NotInjected(f"the broker took {size} bytes")


def opening(create: str) -> Record:
    word = Create(game="rps", rules=1, options=Options(best_of=7, move_seconds=86_400))
    command = Command(create, match_id(create), str(uuid4()), secrets.token_hex(16), word)
    return encode_command(command, int(time.time() * 1000), "/raw")


async def doubled(scene: Scene) -> None:
    """Each command of a match at two offsets, at once and later."""
    async with raw(scene.stores.kafka_address) as writer:
        for _ in range(max(10, int(scene.seconds))):
            await doubled_match(writer)
            scene.note("doubled match", "commands")
            await scene.wait(0.5)


async def doubled_match(writer: Raw) -> None:
    create, players = str(uuid4()), (str(uuid4()), str(uuid4()))
    match, options = match_id(create), Options(best_of=7, move_seconds=86_400)
    words = [
        (create, players[0], Create(game="rps", rules=1, options=options)),
        (str(uuid4()), players[1], Join()),
    ]
    words += [(str(uuid4()), player, Play(move={"shape": "rock"})) for _ in range(3) for player in players]
    sent = []
    for identity, player, word in words:
        command = Command(identity, match, player, secrets.token_hex(16), word)
        record = encode_command(command, int(time.time() * 1000), "/raw")
        sent.append(record)
        for _ in range(2):
            await append(writer, record)
    for record in sent:
        await append(writer, record)


async def append(writer: Raw, record: Record) -> None:
    partition = partition_of(record.key or b"", PARTITIONS)
    await writer.append(MATCHES.commands, partition, record.key, record.value, record.headers)


ROWS = [
    Row("F6", "partitions hijacked by a second fence", hijacked, "I1-I6"),
    Row("F31", "poison records", poisoned, "I1 I3"),
    Row("F32", "one command at two offsets", doubled, "I13"),
]
