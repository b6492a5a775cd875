"""Writing: what is written reads back as the same tree, and what cannot be written is refused by name."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.codecs.base import EncodeError
from connectors.codecs.segmented.guide import Element, Guide, Node, SegmentDef
from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.elements import problems
from connectors.codecs.x12.guide import load, names

CODEC = X12Codec("x12/180-004010")
ENVELOPE: dict[str, Any] = {
    "sender": "HUB",
    "receiver": "ACME",
    "control": 42,
    "date": "20261102",
    "time": "080100",
}
TREE = {
    "BGN": {"01": "00", "02": "C1", "03": "20261101"},
    "BLI": [{"01": "UP", "02": "1", "03": Decimal("2.50"), "04": "EA"}],
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz0123456789-'()+,./\u00e4\u20ac"


def test_a_tree_becomes_an_interchange() -> None:
    assert CODEC.encode(TREE, {**ENVELOPE, "delimiters": {"line_end": "\n"}}).decode() == (
        "ISA*00*          *00*          *ZZ*HUB            *ZZ*ACME           "
        "*261102*0801*U*00401*000000042*0*P*:~\n"
        "GS*AN*HUB*ACME*20261102*080100*42*X*004010~\n"
        "ST*180*0001~\n"
        "BGN*00*C1*20261101~\n"
        "BLI*UP*1*2.50*EA~\n"
        "SE*4*0001~\n"
        "GE*1*42~\n"
        "IEA*1*000000042~\n"
    )


def test_every_part_of_the_envelope_can_be_said() -> None:
    said = {
        "sender_qualifier": "01",
        "receiver_qualifier": "14",
        "group": "7",
        "transaction": "0123",
        "version": "004010VICS",
        "functional": "RZ",
        "group_sender": "HUBAPP",
        "group_receiver": "ACMEAPP",
        "test": True,
        "ack_requested": True,
        "interchange_version": "00501",
        "delimiters": {"element": "|", "component": ">", "repetition": "^", "segment": "\n"},
    }
    [record] = (
        decoded := CODEC.decode(CODEC.encode(TREE, {**ENVELOPE, **said}), {"functional": "RZ"})
    ).records
    assert record.findings == ()
    wanted = {
        name: value
        for name, value in said.items()
        if isinstance(value, str) and name != "interchange_version"
    }
    assert wanted.items() <= record.envelope.items()
    interchange = decoded.interchanges[0]
    assert (interchange.version, interchange.ack_requested, interchange.test) == ("00501", True, True)
    assert interchange.delimiters.repetition == b"^"


def test_several_trees_share_an_interchange_and_count_on() -> None:
    records = list(CODEC.decode(CODEC.encode([TREE, TREE, TREE], ENVELOPE)).records)
    assert [record.envelope["transaction"] for record in records] == ["0001", "0002", "0003"]
    assert all(record.findings == () for record in records)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"BLI": [{"01": "UP", "02": "1"}]}, "The mandatory segment BGN is missing"),
        ({**TREE, "XYZ": {"01": "1"}}, "XYZ has no place there in the guide"),
        ({**TREE, "BLI": [{"01": "UP", "02": "1", "N3": []}]}, r"BLI\[0\].N3 has no place"),
        ({**TREE, "BLI": [{"01": "UP"}]}, r"BLI\[0\] lacks element 02, which is mandatory"),
        (
            {**TREE, "BLI": [{"01": "UP", "02": "x" * 49}]},
            r"BLI\[0\] element 02 'x+' has 49 characters, at most 48",
        ),
        (
            {**TREE, "BLI": [{"01": "UP", "02": "A~B"}]},
            r"BLI\[0\].02 'A~B' holds '~', which X12 cannot carry",
        ),
        ({**TREE, "BLI": [{"01": "UP", "02": "A*B:C"}]}, r"BLI\[0\].02 'A\*B:C' holds '\*', ':'"),
        ({**TREE, "BLI": [{"01": "UP", "02": "A\nB"}]}, r"BLI\[0\].02 .* holds '\\n'"),
        (
            {**TREE, "BLI": [{"01": "UP", "02": "1", "03": True}]},
            r"BLI\[0\].03 must be text or a number, found bool",
        ),
        (
            {**TREE, "BLI": [{"01": "UP", "02": "1", "03": "many"}]},
            "element 03 'many' is not a decimal number",
        ),
        ({**TREE, "RDR": [{"02": "DR"}, {"02": "DM"}]}, "Segment RDR occurs more than once|RDR"),
        ({**TREE, "BLI": ["x"]}, r"BLI\[0\] must be an object of elements, found str"),
        ("x", "A transaction must be an object of segments, found str"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(tree: Any, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        CODEC.encode(tree, ENVELOPE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sender": ""}, "sender is needed"),
        ({"sender": "X" * 16}, "sender 'X+' must have at most 15 characters"),
        ({"receiver": "A*B"}, r"receiver 'A\*B' holds '\*'"),
        ({"control": "12345678901"}, "control must be a control number of 1 to 9 digits"),
        ({"control": None}, "control must be a control number"),
        ({"date": "261102"}, "date '261102' must be CCYYMMDD"),
        ({"time": "8:1"}, "time '81' must be HHMM"),
        ({"sender_qualifier": "Z"}, ""),
        ({"delimiters": {"element": ":"}}, "Delimiters must be distinct"),
        ({"delimiters": {"element": "A"}}, "Delimiters must be distinct"),
        (
            {"charset": "ascii", "group_sender": "M\u00fc"},
            "The character '\u00fc' cannot be written in ascii",
        ),
    ],
)
def test_a_wrong_envelope_is_refused(change: dict[str, Any], message: str) -> None:
    if not message:
        assert CODEC.encode(TREE, {**ENVELOPE, **change})
        return
    with pytest.raises(EncodeError, match=message):
        CODEC.encode(TREE, {**ENVELOPE, **change})


def test_an_agreed_replacement_stands_for_delimiters_in_data() -> None:
    tree = {**TREE, "N1": [{"01": "BY", "02": "A*B~C:D\r\nE"}]}
    body = CODEC.encode(tree, {**ENVELOPE, "delimiters": {"replacement": " "}})
    [record] = CODEC.decode(body).records
    assert record.tree["N1"][0]["02"] == "A B C D  E"


# -- parse(write(tree)) = tree, for any tree of any guide ------------------------------------------

SIMPLE = {
    "DT": st.dates().map(lambda day: f"{day:%Y%m%d}".rjust(8, "0")),
    "TM": st.times().map(lambda moment: f"{moment:%H%M}"),
}


def values(element: Element) -> st.SearchStrategy[Any]:
    if element.components:
        return composites(element)
    if element.codes:
        return st.sampled_from(sorted(element.codes))
    if element.kind in SIMPLE:
        return SIMPLE[element.kind]
    if element.kind == "R":
        return (
            st.decimals(-(10 ** min(element.high - 3, 9)), 10 ** min(element.high - 3, 9), places=2).map(
                lambda number: format(number, "f")
            )
            if element.high > 3
            else st.integers(1, 9).map(str)
        )
    if element.kind.startswith("N"):
        return st.integers(10 ** (element.low - 1), 10**element.high - 1).map(str)
    return st.text(ALPHABET, min_size=element.low, max_size=min(element.high, 12))


def uses(element: Element) -> st.SearchStrategy[Any]:
    one = values(element)
    return one if element.repeat == 1 else st.lists(one, min_size=1, max_size=2)


@st.composite
def composites(draw: st.DrawFn, element: Element) -> dict[str, str]:
    size = draw(st.integers(1, len(element.components)))
    return {
        f"{at:02d}": draw(values(one))
        for at, one in enumerate(element.components, 1)
        if one.mandatory or at == size or (at < size and draw(st.booleans()))
    }


@st.composite
def segments(draw: st.DrawFn, segment: SegmentDef) -> dict[str, Any]:
    if not segment.known:
        return {"01": draw(st.text(ALPHABET.strip(), min_size=1, max_size=5))}
    full = {f"{at:02d}": draw(uses(element)) for at, element in enumerate(segment.elements, 1)}
    picked = {name: value for name, value in full.items() if draw(st.booleans())}
    candidates = [picked, full, *({k: v for k, v in full.items() if k != name} for name in full)]
    needed = {name: full[name] for at, name in enumerate(full) if segment.elements[at].mandatory}
    related = [{**needed, **of(full, note.positions)} for note in segment.notes]
    related += [{**needed, **of(full, note.positions[:1])} for note in segment.notes]
    return next(
        one
        for one in [*candidates, needed, *related]
        if one and not list(problems(segment, texts(one), Separators(repetition="^")))
    )


def of(full: dict[str, Any], positions: Sequence[int]) -> dict[str, Any]:
    return {f"{at:02d}": full[f"{at:02d}"] for at in positions}


def texts(elements: dict[str, Any]) -> list[str]:
    last = max(map(int, elements))
    return [text(elements.get(f"{at:02d}", "")) for at in range(1, last + 1)]


def text(value: Any) -> str:
    if isinstance(value, list):
        return "^".join(map(text, value))
    if not isinstance(value, dict):
        return str(value)
    return ":".join(value.get(f"{at:02d}", "") for at in range(1, max(map(int, value)) + 1))


@st.composite
def level(draw: st.DrawFn, nodes: Sequence[Node]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for node in nodes:
        count = (
            draw(st.integers(int(node.mandatory), min(node.most, 2)))
            if node.mandatory or draw(st.booleans())
            else 0
        )
        made = [{**draw(segments(node.segment)), **draw(level(node.children))} for _ in range(count)]
        if made:
            tree[node.id] = made[0] if node.most == 1 else made
    return tree


def bare(tree: Any) -> Any:
    """Without segment numbers."""
    if isinstance(tree, dict):
        return {name: bare(value) for name, value in tree.items() if name != "@"}
    return [bare(one) for one in tree] if isinstance(tree, list) else tree


def guides() -> list[Guide]:
    return [load(name) for name in names()]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(guides()).flatmap(lambda guide: st.tuples(st.just(guide), level(guide.structure))),
    st.sampled_from([{}, {"element": "|", "component": ">", "segment": "\n"}, {"segment": "\x1d"}]),
)
def test_what_is_written_reads_back_as_the_same_tree(
    made: tuple[Guide, Any], delimiters: dict[str, str]
) -> None:
    guide, tree = made
    codec = X12Codec(guide.name)
    [record] = codec.decode(codec.encode(tree, {**ENVELOPE, "delimiters": delimiters})).records
    assert record.findings == ()
    assert bare(record.tree) == tree
