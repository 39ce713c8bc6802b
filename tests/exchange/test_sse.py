"""The event stream's parser."""

from hypothesis import given, strategies as st

from device.exchange.sse import EventParser, ServerEvent

texts = st.text(st.characters(exclude_characters="\r\n"), max_size=40)


@given(st.lists(st.tuples(st.integers(0, 2**53), st.sampled_from(["joined", "left"]), texts)))
def test_what_is_written_is_read(events: list[tuple[int, str, str]]) -> None:
    parser = EventParser()
    read = []
    for number, name, data in events:
        for line in (": warm", f"id: {number}", f"event: {name}", f"data: {data}", ""):
            event = parser.feed(line)
            if event is not None:
                read.append(event)
    assert read == [ServerEvent(*event) for event in events]


@given(st.lists(texts))
def test_any_lines_at_all_raise_nothing(lines: list[str]) -> None:
    parser = EventParser()
    for line in lines:
        parser.feed(line)
    parser.feed("")
    parser.feed("data: x")
    event = parser.feed("")
    assert event is not None
    assert event.data == "x"
