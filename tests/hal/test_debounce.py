"""Contacts that chatter, on a clock that the test moves."""

from hypothesis import given, strategies as st

from hal import Edge
from hal.buttons.debounce import ButtonTiming, Debouncer, TimedEdge

MS = 1_000_000
TIMING = ButtonTiming(debounce_s=0.030, hold_s=1.0)


def played(*contacts: tuple[int, bool], until_ms: int = 10_000) -> list[tuple[Edge, int]]:
    """The edges, in ms, of contacts (time in ms, closed); asked exactly when something is due."""
    debouncer = Debouncer(TIMING)
    edges: list[TimedEdge] = []
    for at_ms, is_closed in contacts:
        edges += settled(debouncer, at_ms * MS)
        edges += debouncer.contact(is_closed, at_ms * MS)
    edges += settled(debouncer, until_ms * MS)
    return [(edge, time_ns // MS) for edge, time_ns in edges]


def settled(debouncer: Debouncer, until_ns: int) -> list[TimedEdge]:
    edges: list[TimedEdge] = []
    while (due_ns := debouncer.due_ns) is not None and due_ns <= until_ns:
        edges += debouncer.settle(due_ns)
    return edges


def test_a_press_counts_at_its_first_contact() -> None:
    debouncer = Debouncer(TIMING)
    assert debouncer.contact(True, 5 * MS) == [(Edge.PRESSED, 5 * MS)]


def test_a_short_press() -> None:
    assert played((10, True), (200, False)) == [(Edge.PRESSED, 10), (Edge.RELEASED, 200)]


def test_bounces_of_a_press_and_of_a_release_count_once() -> None:
    press = [(10 + 2 * at, at % 2 == 0) for at in range(9)]
    release = [(300 + 2 * at, at % 2 == 1) for at in range(9)]
    edges = played(*press, *release)
    assert edges == [(Edge.PRESSED, 10), (Edge.RELEASED, 316)]


def test_a_contact_that_stays_open_after_the_chatter_is_reconciled() -> None:
    assert played((10, True), (12, False), (14, True), (16, False)) == [
        (Edge.PRESSED, 10),
        (Edge.RELEASED, 16),
    ]


def test_a_long_press_is_held_once_before_its_release() -> None:
    edges = played((10, True), (5000, False))
    assert edges == [(Edge.PRESSED, 10), (Edge.HELD, 1010), (Edge.RELEASED, 5000)]


def test_a_finger_that_has_gone_does_not_hold() -> None:
    """It lifts just before the hold time, so the release is not yet certain when that comes."""
    edges = played((0, True), (990, False))
    assert edges == [(Edge.PRESSED, 0), (Edge.RELEASED, 990)]


def test_chatter_in_the_middle_does_not_start_the_hold_anew() -> None:
    edges = played((0, True), (500, False), (505, True), (3000, False))
    assert edges == [(Edge.PRESSED, 0), (Edge.HELD, 1000), (Edge.RELEASED, 3000)]


def test_two_presses_further_apart_than_the_debounce_are_two() -> None:
    edges = played((0, True), (50, False), (90, True), (140, False))
    assert [edge for edge, _ in edges] == [Edge.PRESSED, Edge.RELEASED] * 2


def test_a_late_clock_loses_nothing() -> None:
    """Nobody asked in between: the next contact tells what had become due."""
    debouncer = Debouncer(TIMING)
    debouncer.contact(True, 0)
    assert debouncer.contact(False, 3000 * MS) == [(Edge.HELD, 1000 * MS)]
    assert debouncer.contact(True, 4000 * MS) == [
        (Edge.RELEASED, 3000 * MS),
        (Edge.PRESSED, 4000 * MS),
    ]


def test_a_line_that_opens_first_says_nothing() -> None:
    """A button that was down when the unit started."""
    assert played((5, False), (6, False)) == []


@given(st.lists(st.tuples(st.integers(0, 1500), st.booleans()), max_size=60))
def test_whatever_the_contacts_do_the_edges_alternate(steps: list[tuple[int, bool]]) -> None:
    at_ms, contacts = 0, []
    for wait_ms, is_closed in steps:
        at_ms += wait_ms
        contacts.append((at_ms, is_closed))
    edges = played(*contacts, until_ms=at_ms + 10_000)
    assert [time_ms for _, time_ms in edges] == sorted(time_ms for _, time_ms in edges)
    presses = [edge for edge, _ in edges if edge is not Edge.HELD]
    assert presses == ([Edge.PRESSED, Edge.RELEASED] * len(presses))[: len(presses)]
    for at, (edge, _) in enumerate(edges):
        if edge is Edge.HELD:
            assert edges[at - 1][0] is Edge.PRESSED
    is_down = bool(contacts) and contacts[-1][1]
    assert (bool(presses) and presses[-1] is Edge.PRESSED) == is_down
