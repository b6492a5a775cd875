from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.errors import MappingFailed

Workshop = Any

ACME = """\
# ACME's 180 return notice (X12 004010) becomes a return request.
mapping: acme.return_notice@1
title:   ACME return notice
from:    x12/180-004010
to:      return.requested@1
samples: [two_lines, header_reason]
key:     BGN.02
match:
  - {type: reference.customer_po, value: PRF.01}
  - {type: external_id.acme, value: BGN.02}
lookups:
  reason: codes/reason.csv[x12]
  unit:   codes/unit.csv[x12]
map:
  external_ids:
    - {system: = acme, type: = claim, value: BGN.02}
  return_type:   = vendor
  requested_at:  BGN.03 | datetime(%Y%m%d, UTC)
  references:
    - {type: = customer_po, number: PRF.01 | optional}
  parties:
    - {role: = buyer, ids: [{scheme: = acme, value: "N1[01=BY].04"}]}
  lines:
    each: BLI as line
    map:
      line_no:   position
      item:      {sku: "line[01=UP].02, line[08=UP].09"}
      requested: line.03 | decimal
      uom:       line.04 | lookup(unit)
      reason:    line.RDR.02, RDR.02 | crosswalk(reason)
      serials:   line.N9[01=SE].02 | values | optional
"""


ALL_ERRORS = """\
requested_at: expected a date as %Y%m%d, found '2026-11-01'   <- BGN.03 | datetime(%Y%m%d, UTC)   \
(BGN segment 2, element 3)
parties[0].ids[0].value: expected one match, found 2 values ('77', '79')   <- N1[01=BY].04   \
(N1 segment 5, element 4)
lines[0].requested: expected a number, found '1,5'   <- line.03 | decimal   (BLI segment 7, element 3)
lines[0].uom: nothing present   <- line.04 | lookup(unit)   (BLI segment 7, element 4)
lines[1].reason: 'ZZ9' is not in lookup 'reason' (codes/reason.csv, x12 -> canonical)   \
<- line.RDR.02, RDR.02 | crosswalk(reason)   (RDR segment 15, element 2)
"""


def notice() -> dict[str, Any]:
    return {
        "@": 1,
        "BGN": {"@": 2, "01": "00", "02": "CLAIM1", "03": "20261101"},
        "RDR": {"@": 3, "02": "DM"},
        "PRF": {"@": 4, "01": "PO7"},
        "N1": [{"@": 5, "01": "BY", "04": "77"}, {"@": 6, "01": "SE", "04": "78"}],
        "BLI": [
            {
                "@": 7,
                "01": "UP",
                "02": "0123",
                "03": "2",
                "04": "EA",
                "N9": [{"@": 8, "01": "SE", "02": "S1"}, {"@": 9, "01": "SE", "02": "S2"}],
            },
            {"@": 14, "08": "UP", "09": "0456", "03": "1.50", "04": "CA", "RDR": {"@": 15, "02": "DT"}},
        ],
    }


def test_an_edi_notice_becomes_a_return_request(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    mapped = compiled.apply(notice())
    assert mapped.errors == ()
    assert mapped.value == {
        "external_ids": [{"system": "acme", "type": "claim", "value": "CLAIM1"}],
        "return_type": "vendor",
        "requested_at": "2026-11-01T00:00:00Z",
        "references": [{"type": "customer_po", "number": "PO7"}],
        "parties": [{"role": "buyer", "ids": [{"scheme": "acme", "value": "77"}]}],
        "lines": [
            {
                "line_no": 1,
                "item": {"sku": "0123"},
                "requested": "2",
                "uom": "EA",
                "reason": {"scheme": "x12", "code": "DM", "canonical": "damaged", "raw": "DM"},
                "serials": ["S1", "S2"],
            },
            {
                "line_no": 2,
                "item": {"sku": "0456"},
                "requested": "1.50",
                "uom": "CT",
                "reason": {"scheme": "x12", "code": "DT", "canonical": "defective", "raw": "DT"},
            },
        ],
    }
    json.dumps(mapped.value)


def test_a_plain_document_stays_on_the_fast_path(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    assert compiled.generated.functions["document"](notice()) == compiled.apply(notice()).value


def test_a_compiled_mapping_names_itself(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    assert (compiled.name, compiled.version, compiled.ref) == (
        "acme.return_notice",
        1,
        "acme.return_notice@1",
    )
    assert (compiled.source_type, compiled.target_type) == ("x12/180-004010", "return.requested@1")
    assert compiled.samples == ("two_lines", "header_reason")
    assert compiled.plan.document.title == "ACME return notice"


def test_the_digest_follows_the_file_and_its_code_tables(workshop: Workshop) -> None:
    first = workshop.compile_text(ACME).digest
    assert workshop.compile_text(ACME).digest == first
    assert workshop.compile_text(ACME + "# more\n").digest != first
    workshop.write("codes/unit.csv", "canonical,x12\nEA,EA\n")
    assert workshop.compile_text(ACME).digest != first


def test_key_and_match_tell_who_a_record_is(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    assert compiled.key(notice()) == "CLAIM1"
    assert compiled.match(notice()) == [("reference.customer_po", "PO7"), ("external_id.acme", "CLAIM1")]
    assert compiled.match({**notice(), "PRF": None}) == [("external_id.acme", "CLAIM1")]


def test_a_record_without_key_or_with_two_is_refused(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    with pytest.raises(MappingFailed, match=r"key: nothing present   <- BGN\.02   \(transaction\)"):
        compiled.key({"@": 1})
    with pytest.raises(MappingFailed, match="key: expected one match, found 2 values"):
        compiled.key({"BGN": [{"02": "A"}, {"02": "B"}]})
    with pytest.raises(MappingFailed, match=r"match\.reference\.customer_po: expected one match"):
        compiled.match({"PRF": [{"01": "A"}, {"01": "B"}]})
    with pytest.raises(MappingFailed, match="the mapping has no 'key:'"):
        workshop.compile("a: b").key({})


def test_a_numeric_key_is_its_exact_text(workshop: Workshop) -> None:
    compiled = workshop.compile("a: b", head="key: id\n")
    assert compiled.key({"id": 7}) == "7"
    assert compiled.key({"id": Decimal("7.10")}) == "7.10"


def test_all_errors_come_at_once_and_name_both_sides(workshop: Workshop) -> None:
    tree = notice()
    tree["BLI"][1]["RDR"]["02"] = "ZZ9"
    del tree["BLI"][0]["04"]
    tree["BLI"][0]["03"] = "1,5"
    tree["N1"].append({"@": 20, "01": "BY", "04": "79"})
    tree["BGN"]["03"] = "2026-11-01"
    mapped = workshop.compile_text(ACME).apply(tree)
    assert "\n".join(str(error) for error in mapped.errors) + "\n" == ALL_ERRORS
    last = mapped.errors[-1]
    assert (last.target_path, last.source_path, last.found) == ("lines[1].reason", "line.RDR.02", "ZZ9")
    assert mapped.value["lines"][1]["uom"] == "CT"
    assert "requested_at" not in mapped.value


def test_json_positions_are_json_paths_and_csv_positions_are_rows(workshop: Workshop) -> None:
    body = "l: {each: lines as line, map: {q: line.qty | decimal}}"
    tree = {"lines": [{"qty": "1"}, {"qty": "x"}]}
    assert workshop.errors(body, tree)[0].endswith("(lines[1].qty)")
    rows = {"@": 3, "lines": [{"@": 3, "qty": "1"}, {"@": 4, "qty": "x"}]}
    assert workshop.errors(body, rows, source="csv")[0].endswith("(row 4, column qty)")


def test_components_of_a_composite_are_named(workshop: Workshop) -> None:
    tree = {"@": 1, "BLI": {"@": 4, "05": {"02": "x"}}}
    (error,) = workshop.errors("q: BLI.05.02 | decimal", tree, source="x12/180-004010")
    assert error.endswith("(BLI segment 4, element 5, component 2)")


@pytest.mark.parametrize("nothing", [None, "", []])
def test_null_empty_text_and_empty_lists_are_nothing(workshop: Workshop, nothing: Any) -> None:
    assert workshop.value("{a: x.y | optional, b: 'x.y, z'}", {"x": {"y": nothing}, "z": "1"}) == {"b": "1"}
    assert "nothing present" in workshop.errors("a: x.y", {"x": {"y": nothing}})[0]


@pytest.mark.parametrize("something", [0, False, "0", " ", Decimal(0)])
def test_zero_false_and_blanks_are_something(workshop: Workshop, something: Any) -> None:
    value = workshop.value("a: 'x, y'", {"x": something, "y": "1"}, target="json/t")["a"]
    assert value == something


def test_a_list_of_exactly_one_passes_through(workshop: Workshop) -> None:
    assert workshop.value("a: x.y.z", {"x": [{"y": [{"z": ["1"]}]}]}) == {"a": "1"}
    assert "found 2 values" in workshop.errors("a: x.y", {"x": [{"y": "1"}, {"y": "1"}]})[0]


def test_a_group_where_a_single_value_is_wanted_is_refused(workshop: Workshop) -> None:
    assert "expected a single value, found a group (y)" in workshop.errors("a: x", {"x": {"y": "1"}})[0]


def test_where_and_selectors_compare_text_and_membership(workshop: Workshop) -> None:
    tree = {"l": [{"k": "A", "n": 1}, {"k": "B", "n": 2}, {"n": 3}, {"k": "C", "on": True}]}

    def kept(where: str) -> list[int]:
        body = f"l: {{each: l as x, where: {where}, map: x.n | default(0) | integer}}"
        return list(workshop.value(body, tree).get("l", []))

    assert kept("x.k=A") == [1]
    assert kept("x.k=A|C") == [1, 0]
    assert kept("x.k!=A") == [2, 3, 0]
    assert kept("x.k") == [1, 2, 0]
    assert kept("x.on=true") == [0]
    assert kept("x.n=2") == [2]
    assert kept("[x.k, x.k!=A]") == [2, 0]
    assert kept("x.k=Z") == []
    assert workshop.value("a: 'l[n=2].k'", tree) == {"a": "B"}
    assert workshop.value("a: 'l[k=A|B][n!=1].n'", tree) == {"a": 2}


def test_position_counts_the_kept_elements(workshop: Workshop) -> None:
    body = "l: {each: l as x, where: x.k=A, map: {n: position, v: x.v}}"
    tree = {"l": [{"k": "A", "v": "1"}, {"k": "B", "v": "2"}, {"k": "A", "v": "3"}]}
    assert workshop.value(body, tree)["l"] == [{"n": 1, "v": "1"}, {"n": 2, "v": "3"}]


def test_outer_names_and_the_document_stay_visible_inside(workshop: Workshop) -> None:
    body = """
        orders:
          each: o as order
          map:
            lines:
              each: order.l as line
              map: {id: "order.id | concat('-', line.id, '-', site)", n: position}
            n: position
    """
    tree = {"site": "S", "o": [{"id": "A", "l": [{"id": "1"}, {"id": "2"}]}, {"id": "B", "l": [{"id": "3"}]}]}
    assert workshop.value(body, tree)["orders"] == [
        {"lines": [{"id": "A-1-S", "n": 1}, {"id": "A-2-S", "n": 2}], "n": 1},
        {"lines": [{"id": "B-3-S", "n": 1}], "n": 2},
    ]


def test_each_over_nothing_is_an_error_unless_optional(workshop: Workshop) -> None:
    assert workshop.errors("l: {each: x as y, map: y.z}", {})[0] == "l: nothing present   <- x   (x)"
    assert workshop.value("{k: = 1, l: {each: x | optional as y, map: y.z}}", {}) == {"k": "1"}


def test_each_makes_lists_of_values_and_can_use_functions_on_the_list(workshop: Workshop) -> None:
    tree = {"s": "A B A", "n": [{"v": "1"}, {"v": "2"}]}
    assert workshop.value("l: {each: \"s | split(' ') | flatten | unique as x\", map: x | lower}", tree) == {
        "l": ["a", "b"]
    }
    assert workshop.value("l: {each: n | first as x, map: x.v}", tree) == {"l": ["1"]}


def test_a_written_list_can_mix_items_and_each(workshop: Workshop) -> None:
    body = """
        refs:
          - {type: = po, number: po | optional}
          - {each: inv | optional as i, map: {type: = invoice, number: i}}
          - {type: = order, number: order | optional}
    """
    assert workshop.value(body, {"inv": ["1", "2"], "order": "3"})["refs"] == [
        {"type": "invoice", "number": "1"},
        {"type": "invoice", "number": "2"},
        {"type": "order", "number": "3"},
    ]
    assert workshop.value(body, {}) == {}


def test_a_group_of_which_only_constants_are_left_is_left_out(workshop: Workshop) -> None:
    body = """
        kept: {type: = x}
        dropped: {type: = x, ids: [{scheme: = y, value: a | optional}]}
        present: {type: = x, n: a | default(0)}
    """
    assert workshop.value(body, {}) == {"kept": {"type": "x"}, "present": {"type": "x", "n": "0"}}


def test_numbers_leave_as_their_target_wants_them(workshop: Workshop) -> None:
    body = "{a: n, b: n | number, c: i, d: i | integer, e: t | boolean, f: n | decimal}"
    tree = {"n": Decimal("2.50"), "i": 3, "t": True}
    assert workshop.value(body, tree) == {"a": "2.50", "b": "2.50", "c": 3, "d": 3, "e": True, "f": "2.50"}
    as_json = workshop.value(body, tree, target="json/wms.receipt")
    assert as_json == {"a": Decimal("2.50"), "b": Decimal("2.50"), "c": 3, "d": 3, "e": True, "f": "2.50"}
    as_text = workshop.value(body, tree, target="x12/180-004010")
    assert as_text == {"a": "2.50", "b": "2.50", "c": "3", "d": "3", "e": "true", "f": "2.50"}


def test_a_lookup_is_read_towards_our_names_inward_and_away_from_them_outward(workshop: Workshop) -> None:
    head = "lookups: {unit: 'codes/unit.csv[sap]', reason: 'codes/reason.csv[sap]'}\n"
    body = "{u: u | lookup(unit), r: r | lookup(reason)}"
    inward = workshop.value(body, {"u": "ST", "r": "002"}, head=head)
    assert inward == {"u": "EA", "r": "defective"}
    outward = {"source": "authorization.decided@1", "target": "json/sap", "head": head}
    assert workshop.value(body, {"u": "EA", "r": "defective"}, **outward) == {"u": "ST", "r": "002"}
    (error,) = workshop.errors(body, {"u": "EA", "r": "other"}, **outward)
    assert "'other' is not in lookup 'reason' (codes/reason.csv, canonical -> sap)" in error


def test_a_lookup_can_go_from_one_partner_to_another(workshop: Workshop) -> None:
    head = "lookups: {unit: 'codes/unit.csv[x12 -> sap]'}\n"
    assert workshop.value("u: u | lookup(unit)", {"u": "CA"}, head=head) == {"u": "KAR"}


def test_codes_marked_as_sent_only_or_understood_only_go_one_way(workshop: Workshop) -> None:
    workshop.write("codes/way.csv", "canonical,p\n# comment\nA,X <Y\nB,>X\n")
    inward = workshop.compile("u: u | lookup(w)", head="lookups: {w: 'codes/way.csv[p]'}\n")
    assert inward.plan.lookups["w"].entries == {"X": "A", "Y": "A"}
    outward = workshop.compile("u: u | lookup(w)", head="lookups: {w: 'codes/way.csv[canonical -> p]'}\n")
    assert outward.plan.lookups["w"].entries == {"A": "X", "B": "X"}


def test_explain_shows_path_value_place_and_each_step(workshop: Workshop) -> None:
    traces = {trace.target_path: trace for trace in workshop.compile_text(ACME).explain(notice())}
    assert str(traces["lines[1].uom"]) == (
        "lines[1].uom <- line.04 | lookup(unit)\n"
        "    line.04 = 'CA'   (BLI segment 14, element 4)\n"
        "    | lookup(unit) = 'CT'"
    )
    assert traces["lines[1].item.sku"].source_path == "line[08=UP].09"
    assert str(traces["return_type"]) == "return_type <- = vendor\n    constant = 'vendor'"
    assert str(traces["lines[1].serials"]).endswith("left out")
    assert list(traces)[:3] == ["external_ids[0].system", "external_ids[0].type", "external_ids[0].value"]


def test_one_mapping_serves_many_documents_without_remembering_any(workshop: Workshop) -> None:
    compiled = workshop.compile_text(ACME)
    first = compiled.apply(notice()).value
    broken = notice()
    broken["BLI"] = {}
    assert compiled.apply(broken).errors
    assert compiled.apply(notice()).value == first
