"""Events come out of bytes the same, however the network cuts them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playlog.client.sse import Event, Parser

LINES = st.sampled_from(
    [
        "data: x",
        "data:y",
        "data",
        "event: view",
        "event",
        "id: 7",
        "id",
        "id: a\0b",
        "retry: 20",
        "retry: no",
        ": c",
        "z",
    ]
)
ENDS = st.sampled_from(["\n", "\r", "\r\n"])
FRAMES = st.lists(st.tuples(st.lists(LINES, max_size=4), ENDS), max_size=8)


def text_of(frames: list[tuple[list[str], str]]) -> bytes:
    return "".join("".join(line + end for line in [*lines, ""]) for lines, end in frames).encode()


def read(parser: Parser, chunks: list[bytes]) -> list[Event]:
    return [event for chunk in chunks for event in parser.feed(chunk)]


def cut(text: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[begin:end] for begin, end in pairwise(bounds)]


@given(FRAMES, st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_the_cuts_between_chunks_change_nothing(
    frames: list[tuple[list[str], str]], places: list[int], marked: bool
) -> None:
    text = (b"\xef\xbb\xbf" if marked else b"") + text_of(frames)
    whole, pieces, bytewise = Parser(), Parser(), Parser()
    expected = read(whole, [text])
    assert read(pieces, cut(text, places)) == expected
    assert read(bytewise, [bytes([byte]) for byte in text]) == expected
    assert (pieces.last_id, pieces.retry_ms) == (whole.last_id, whole.retry_ms)


def test_a_view_is_one_event_with_its_version() -> None:
    parser = Parser()
    assert parser.feed(b'retry: 900\n\nid: 7\nevent: view\ndata: {"a":1}\n\n') == [Event("view", "7", b'{"a":1}')]
    assert (parser.last_id, parser.retry_ms) == ("7", 900)


def test_data_lines_are_joined_and_an_event_without_data_is_none() -> None:
    assert Parser().feed(b"data: a\ndata\ndata: b\n\nevent: view\n\n") == [Event("message", "", b"a\n\nb")]


def test_a_comment_keeps_the_last_id() -> None:
    parser = Parser("3")
    assert parser.feed(b": still here\n\nevent: end\ndata: {}\n\n") == [Event("end", "3", b"{}")]
    assert parser.comments == 1


def test_an_unfinished_event_is_not_dispatched() -> None:
    assert Parser().feed(b"id: 1\ndata: x\n") == []
