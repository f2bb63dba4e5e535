"""What the model's own driver obeys; each rule can be switched off, so that it is shown to be needed."""

from dataclasses import dataclass

from engine_worker.owner import Owner


@dataclass(frozen=True)
class Rules:
    """The default obeys everything."""

    owner: type[Owner] = Owner
    forgets_time: bool = False  # a restored owner starts without the log's latest time
    two_values: bool = False  # the sink saves the offset and the cursor one after the other
    claims: bool = True  # the sink's transaction begins with its progress row
    compares: bool = True  # a resuming reader compares its progress with the log
    absolute_expiry: bool = True  # a snapshot expires by its outcome's time
    guarded_erase: bool = True  # what is void is erased only while the progress is still the void one
    marks_rebuilds: bool = True  # while a rebuild is written, a mark stands in the place of progress
