"""Friendly names for guests, such as "Quiet Heron": neutral words, drawn by chance that the caller brings."""

ADJECTIVES = (
    "Amber", "Brave", "Bright", "Calm", "Clever", "Copper", "Coral", "Cosmic", "Crisp", "Curious",
    "Dapper", "Eager", "Early", "Fabled", "Fair", "Fearless", "Gentle", "Gilded", "Golden", "Happy",
    "Hasty", "Hidden", "Humble", "Ivory", "Jolly", "Keen", "Kind", "Lively", "Lucky", "Lunar", "Mellow",
    "Merry", "Mighty", "Misty", "Modest", "Nimble", "Noble", "Patient", "Plucky", "Polite", "Proud",
    "Quick", "Quiet", "Rapid", "Rustic", "Scarlet", "Shiny", "Silent", "Silver", "Sincere", "Solar",
    "Steady", "Sunny", "Swift", "Tidy", "Tranquil", "Trusty", "Upbeat", "Velvet", "Vivid", "Warm",
    "Wandering", "Witty", "Zesty",
)  # fmt: skip
ANIMALS = (
    "Alpaca", "Badger", "Bear", "Beaver", "Bison", "Bunting", "Capybara", "Chamois", "Crane", "Cricket",
    "Curlew", "Deer", "Dolphin", "Dormouse", "Eagle", "Egret", "Falcon", "Ferret", "Finch", "Firefly",
    "Fox", "Gecko", "Hare", "Hedgehog", "Heron", "Ibex", "Ibis", "Jackdaw", "Kestrel", "Kingfisher",
    "Koala", "Lark", "Lemur", "Lynx", "Magpie", "Marmot", "Marten", "Mole", "Moose", "Newt", "Nuthatch",
    "Octopus", "Oriole", "Otter", "Owl", "Panda", "Pelican", "Penguin", "Plover", "Puffin", "Quail",
    "Raven", "Robin", "Salmon", "Seal", "Sparrow", "Squirrel", "Stork", "Swan", "Tortoise", "Trout",
    "Walrus", "Wombat", "Wren",
)  # fmt: skip


def guest_name(chance: int) -> str:
    """The name that a non-negative random number stands for; 4,096 of them, not unique."""
    rest, first = divmod(chance, len(ADJECTIVES))
    return f"{ADJECTIVES[first]} {ANIMALS[rest % len(ANIMALS)]}"
