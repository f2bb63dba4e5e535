"""Engine workers as processes: takeovers, polls, acknowledgements, timers and crashes, over the real rules."""

from engine_worker.owner import LostOwnership, Owner
from engine_worker.restore import Restored
from schemas.codec import Record, encode_fence
from schemas.command import Command, encode_command
from schemas.ids import timer_id
from schemas.log import Fence
from schemas.match import TIMER, TimeElapsed
from tests.engine_worker.runs import anywhere
from tests.model.rules import Rules
from tests.model.world import Request, World


class Worker:
    """One process. A stall is simply that nobody calls `step` for long, while its batches travel on."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.world, self.rules = world, rules
        self.owner: Owner | None = None
        self.position = 0  # of its consumer, in commands
        self.pending: list[tuple[Request, int]] = []
        self.fencing: tuple[Request, str] | None = None
        self.warm: Restored | None = None
        self.skew = world.chance.choice([0, 0, 40_000, -1_500])  # of its clock, ms
        self._born = 0

    def step(self, kindly: bool = False) -> None:
        if self.owner is None:
            self._get_on_with_takeover(kindly)
        elif self.pending:
            self._get_on_with_batches(self.owner, kindly)
        elif not kindly and self.world.roll(0.08):
            self._leave(self.owner)
        elif not kindly and self.world.roll(0.25):
            self.report_deadlines(self.owner)
        else:
            self._poll(self.owner, kindly)

    def _get_on_with_takeover(self, kindly: bool) -> None:
        if self.fencing is None:
            fence_id = f"{self.world.chance.getrandbits(64):x}"
            self.fencing = self.world.send([encode_fence(fence_id, "engine", self.world.now)]), fence_id
        elif self.fencing[0].base is not None:
            self._take_over(Fence(self.fencing[0].base, self.fencing[1]))
        elif self.fencing[0].gone or (not kindly and self.world.roll(0.2)):
            self.crash()

    def _take_over(self, fence: Fence) -> None:
        restored = self.warm or Restored()
        self.crash()
        for line in self.world.outcomes[restored.next : fence.offset + 1]:
            restored.feed(line.offset, line.key, line.value, line.headers)
        if restored.cursor.fence != fence:
            return  # the log was cut meanwhile
        if self.rules.forgets_time:
            restored.state.at = 0
        owner = self.rules.owner(0, fence, restored.state, restored.cursor.watermark, anywhere)
        self.owner, self.position, self._born = owner, owner.watermark + 1, self.world.cuts
        self._check(owner)

    def _poll(self, owner: Owner, kindly: bool) -> None:
        """Judge some commands and send their outcomes in one or two batches."""
        if not kindly and self.world.roll(0.06):  # a consumer that seeks where it should not
            self.position = max(0, self.position + self.world.chance.choice([-2, 1, 2]))
        lines = self.world.commands[self.position : self.position + self.world.chance.randint(1, 4)]
        try:
            taken = [item for group in owner.take_all(lines) for item in group if item is not None]
        except LostOwnership:
            self.crash()
            return
        if lines:
            self.position = lines[-1].offset + 1
        middle = self.world.chance.randint(0, len(taken))
        for batch in (taken[:middle], taken[middle:]):
            if batch:
                records = [Record(item.key, item.value, item.headers) for item in batch]
                self.pending.append((self.world.send(records), len(batch)))

    def _get_on_with_batches(self, owner: Owner, kindly: bool) -> None:
        if all(request.base is not None for request, _ in self.pending):
            try:
                for request, count in self.pending:
                    owner.landed(request.base or 0, count)
            except LostOwnership:
                self.crash()
                return
            self.pending = []
            self._check(owner)
        elif any(request.gone for request, _ in self.pending) or (not kindly and self.world.roll(0.1)):
            self.crash()  # not acknowledged within the deadline

    def report_deadlines(self, owner: Owner, sharp: bool = False) -> None:
        """Append a command for each deadline that this worker's clock has passed."""
        for match, deadline in owner.due(self.world.now + (0 if sharp else self.skew)):
            word = TimeElapsed(deadline=deadline)
            entropy = f"{self.world.chance.getrandbits(128):032x}"
            command = Command(timer_id(match, deadline), match, TIMER, entropy, word)
            self.world.command(encode_command(command, self.world.now, "/playlog/engine"), sharp)

    def _leave(self, owner: Owner) -> None:
        """Crash, or lose the partition to the group and keep what is known of it."""
        warm = self.world.roll(0.6)
        self.crash()
        if warm:
            self.warm = Restored(owner.state, owner.cursor, owner.landing)

    def crash(self) -> None:
        """Drop everything; what was sent travels on."""
        self.owner, self.fencing, self.warm, self.pending = None, None, None, []

    def _check(self, owner: Owner) -> None:
        if self._born == self.world.cuts:
            self.world.check_memory(owner.state, owner.cursor, owner.landing)
