"""What happens to returns, told fact by fact."""

from __future__ import annotations

from typing import Any

import pytest

Story = Any  # tests/unit/canonical/conftest.py; tests are no package, so its class has no importable name

STATUSES = ("status", "logistics_status", "financial_status")


def statuses(story: Story) -> tuple[str, ...]:
    return_ = story.fold()
    return tuple(return_[name] for name in STATUSES)


def settle(story: Story) -> None:
    """A return of two lines, from request to credit."""
    story.requested("2", "1")
    story.decided("2", "1")
    story.authorized()
    story.received("R1", {"line_no": 1, "quantity": "2"}, {"line_no": 2, "quantity": "1"})
    story.inspected("I1", {"line_no": 1, "quantity": "2"}, {"line_no": 2, "quantity": "1"})
    story.disposed("P1", "I1", {"line_no": 1, "quantity": "2"}, {"line_no": 2, "quantity": "1"})
    story.posted("49001", "P1", {"line_no": 1, "quantity": "2"}, {"line_no": 2, "quantity": "1"})
    lines = [
        {"line_no": 1, "quantity": "2", "amount": "20.00"},
        {"line_no": 2, "quantity": "1", "amount": "10.00"},
    ]
    story.credited("C1", "30.00", *lines, disposition_id="P1")


class TestHappyPath:
    def test_each_step_has_its_status(self, story: Story) -> None:
        seen = []
        settle(story)
        facts, story.facts = story.facts, []
        for fact in facts:
            story.facts.append(fact)
            seen.append(statuses(story))
        assert seen == [
            ("requested", "none", "none"),
            ("authorized", "expected", "none"),
            ("authorized", "expected", "none"),
            ("received", "received", "none"),
            ("inspected", "received", "none"),
            ("dispositioned", "received", "due"),
            ("dispositioned", "received", "due"),
            ("settled", "received", "credited"),
        ]

    def test_it_leaves_full_buckets_and_no_case(self, story: Story) -> None:
        settle(story)
        return_ = story.fold()
        line = return_["lines"][0]
        filled = ("requested", "authorized", "received", "inspected", "dispositioned", "credited")
        assert [line[name] for name in filled] == ["2"] * 6
        assert [line[name] for name in ("shipped", "replaced", "claimed", "rejected", "missing")] == ["0"] * 5
        assert return_["cases"] == []

    def test_the_header_takes_rma_order_and_times_from_their_facts(self, story: Story) -> None:
        request = story.requested("1", references=[{"type": "customer_po", "number": "PO1"}])
        header = {"number": "4711", "sold_to": "17", "currency": "EUR"}
        lines = [{"line": "10", "sku": "OURS", "quantity": "5", "uom": "EA"}]
        order = header | {"lines": lines}
        story.decided(lines=[{"line_no": 1, "authorized": "1", "order_line": "10"}], order=order)
        story.authorized("60001", expires_at="2027-01-01T00:00:00Z", return_to_site="W1")
        return_ = story.fold()
        assert return_["return_id"] == str(request.return_id)
        assert (return_["rma_number"], return_["return_to_site"]) == ("60001", "W1")
        assert return_["order"] == header
        assert [each["type"] for each in return_["references"]] == ["customer_po", "order"]
        assert return_["lines"][0]["order_line"] == "10"
        assert return_["decision"]["outcome"] == "approved"

    def test_closing_a_settled_return_opens_no_case(self, story: Story) -> None:
        settle(story)
        story.ended("closed")
        assert story.fold()["status"] == "closed"
        assert story.codes() == []


class TestReceipts:
    def test_partial_receipts_add_up(self, story: Story) -> None:
        story.requested("5")
        story.decided("5")
        story.authorized()
        story.received("R1", {"line_no": 1, "quantity": "2"})
        assert statuses(story) == ("received", "partially_received", "none")
        story.received("R2", {"line_no": 1, "quantity": "3.000"})
        return_ = story.fold()
        assert return_["lines"][0]["received"] == "5"
        assert return_["logistics_status"] == "received"

    def test_more_than_authorized_is_taken_and_opens_a_case_on_the_receipt_that_went_beyond(
        self, story: Story
    ) -> None:
        story.requested("3")
        story.decided("2")
        story.authorized()
        story.received("R1", {"line_no": 1, "quantity": "2"})
        beyond = story.received("R2", {"line_no": 1, "quantity": "1"})
        return_ = story.fold()
        assert return_["lines"][0]["received"] == "3"
        assert return_["cases"] == [
            {
                "code": "over_received",
                "message": "3 received of 2 authorized",
                "fact_id": str(beyond.id),
                "line_no": 1,
            }
        ]

    def test_goods_nobody_asked_for_make_an_unmatched_receipt(self, story: Story) -> None:
        story.received("R1", {"sku": "X", "quantity": "3"})
        return_ = story.fold()
        assert (return_["status"], return_["lines"]) == ("unmatched_receipt", [])
        assert [case["code"] for case in return_["cases"]] == ["unmatched_receipt"]
        assert return_["unmatched"][0] | {"fact_id": ""} == {
            "type": "receipt.recorded",
            "fact_id": "",
            "document": "R1",
            "sku": "X",
            "quantity": "3",
            "uom": "EA",
        }

    def test_a_request_that_comes_after_its_goods_matches_them(self, story: Story) -> None:
        story.received("R1", {"sku": "SKU1", "quantity": "3"})
        story.requested("3")
        story.decided("3")
        assert story.fold()["lines"][0]["received"] == "3"
        assert story.codes() == []

    def test_a_receipt_before_any_approval_opens_a_case_until_the_approval_comes(self, story: Story) -> None:
        story.requested("3")
        story.received("R1", {"line_no": 1, "quantity": "3"})
        assert story.codes() == ["receipt_without_authorization"]
        story.decided("3")
        assert story.codes() == []

    def test_an_item_that_is_on_no_line_opens_a_case_and_is_kept(self, story: Story) -> None:
        story.requested("3")
        story.decided("3")
        story.received("R1", {"sku": "OTHER", "quantity": "1"}, {"line_no": 1, "quantity": "2"})
        return_ = story.fold()
        assert [case["code"] for case in return_["cases"]] == ["unmatched_line"]
        assert [each["sku"] for each in return_["unmatched"]] == ["OTHER"]
        assert return_["lines"][0]["received"] == "2"

    def test_the_wrong_item_on_a_line_opens_a_case_and_counts(self, story: Story) -> None:
        story.requested("3")
        story.decided("3")
        story.received("R1", {"line_no": 1, "sku": "OTHER", "quantity": "1"})
        assert story.codes() == ["item_mismatch"]
        assert story.fold()["lines"][0]["received"] == "1"

    def test_another_unit_opens_a_case_and_does_not_count(self, story: Story) -> None:
        story.requested("3")
        story.decided("3")
        story.received("R1", {"line_no": 1, "quantity": "1", "uom": "CS"})
        line = story.fold()["lines"][0]
        assert (line["received"], line["receipts"][0]["counted"]) == ("0", False)
        assert story.codes() == ["unit_mismatch"]

    def test_without_line_numbers_lines_of_one_item_are_filled_in_turn(self, story: Story) -> None:
        request = story.requested("2", "3")
        lines = [{**line, "item": {"sku": "SAME"}} for line in request.data["lines"]]
        story.facts = []
        story.requested("2", "3", lines=lines)
        story.decided("2", "3")
        story.received("R1", {"sku": "SAME", "quantity": "4"})
        story.received("R2", {"sku": "SAME", "quantity": "1"})
        assert [line["received"] for line in story.fold()["lines"]] == ["2", "3"]
        assert story.codes() == []

    def test_goods_after_the_expiry_of_the_rma_open_a_case(self, story: Story) -> None:
        story.requested("1")
        story.decided("1")
        story.authorized(expires_at="2026-11-01T10:00:00+01:00")
        story.received("R1", {"line_no": 1, "quantity": "1"})
        assert story.codes() == ["received_after_expiry"]


class TestDecisions:
    def test_rejected(self, story: Story) -> None:
        story.requested("2")
        story.decided(outcome="rejected", reasons=["too late"])
        assert statuses(story) == ("rejected", "none", "not_due")
        assert story.fold()["lines"][0]["rejected"] == "2"

    def test_needs_review(self, story: Story) -> None:
        story.requested("2")
        story.decided(outcome="needs_review")
        assert story.fold()["status"] == "pending_review"

    def test_the_last_decision_counts(self, story: Story) -> None:
        story.requested("2")
        story.decided(outcome="needs_review")
        story.decided("1")
        return_ = story.fold()
        assert return_["status"] == "authorized"
        assert (return_["lines"][0]["authorized"], return_["lines"][0]["rejected"]) == ("1", "1")

    def test_goods_against_a_rejection_open_a_case(self, story: Story) -> None:
        story.requested("2")
        story.decided(outcome="rejected")
        story.received("R1", {"line_no": 1, "quantity": "2"})
        assert story.fold()["status"] == "received"
        assert story.codes() == ["receipt_without_authorization"]

    def test_more_authorized_than_requested_opens_a_case(self, story: Story) -> None:
        story.requested("2")
        story.decided("3")
        assert story.codes() == ["over_authorized"]

    def test_an_rma_without_approval_and_a_second_rma_open_cases(self, story: Story) -> None:
        story.requested("2")
        story.authorized("60001")
        story.authorized("60002")
        assert story.codes() == ["authorized_without_approval", "conflicting_rma"]
        assert story.fold()["rma_number"] == "60001"

    def test_a_request_revised_after_its_decision_opens_a_case_until_decided_again(
        self, story: Story
    ) -> None:
        first = story.requested("2")
        story.decided("2")
        story.requested("1", corrects=first)
        assert story.codes() == ["over_authorized", "revised_after_decision"]
        story.decided("1")
        assert story.codes() == []

    def test_a_request_revised_before_any_decision_opens_none(self, story: Story) -> None:
        first = story.requested("2")
        story.requested("1", corrects=first)
        story.decided("1")
        assert story.codes() == []


class TestCorrections:
    def test_a_correction_replaces_what_it_corrects(self, story: Story) -> None:
        story.requested("5")
        story.decided("5")
        wrong = story.received("R1", {"line_no": 1, "quantity": "4"})
        right = story.received("R1", {"line_no": 1, "quantity": "3"}, corrects=wrong)
        story.received("R1", {"line_no": 1, "quantity": "2"}, corrects=right)
        return_ = story.fold()
        assert return_["lines"][0]["received"] == "2"
        assert (return_["version"], return_["cases"]) == (5, [])

    def test_of_two_corrections_of_one_fact_the_last_recorded_counts_and_opens_a_case(
        self, story: Story
    ) -> None:
        story.requested("5")
        story.decided("5")
        wrong = story.received("R1", {"line_no": 1, "quantity": "4"})
        story.received("R1", {"line_no": 1, "quantity": "3"}, corrects=wrong, said=90)
        story.received("R1", {"line_no": 1, "quantity": "1"}, corrects=wrong, said=80)
        assert story.fold()["lines"][0]["received"] == "3"
        assert story.codes() == ["competing_corrections"]

    def test_a_correction_of_another_type_corrects_nothing(self, story: Story) -> None:
        request = story.requested("5")
        story.decided("5")
        story.received("R1", {"line_no": 1, "quantity": "4"}, corrects=request)
        assert story.fold()["lines"][0]["received"] == "4"
        assert story.codes() == ["correction_of_other_type"]

    def test_the_same_receipt_told_twice_counts_once(self, story: Story) -> None:
        story.requested("5")
        story.decided("5")
        first = story.received("R1", {"line_no": 1, "quantity": "2"})
        story.tell("receipt.recorded", first.data)
        assert story.fold()["lines"][0]["received"] == "2"
        assert story.codes() == []

    def test_the_same_receipt_told_differently_counts_as_told_last_and_opens_a_case(
        self, story: Story
    ) -> None:
        story.requested("5")
        story.decided("5")
        story.received("R1", {"line_no": 1, "quantity": "2"}, said=50)
        story.received("R1", {"line_no": 1, "quantity": "3"}, said=40)
        assert story.fold()["lines"][0]["received"] == "2"
        assert story.codes() == ["restated"]

    def test_a_late_fact_takes_its_place_in_time(self, story: Story) -> None:
        story.requested("2")
        story.ended("cancelled", "withdrawn", at=5)
        story.ended("reopened", "other", at=4)
        assert story.fold()["status"] == "cancelled"
        story.ended("reopened", "other", at=6)
        assert story.fold()["status"] == "requested"


class TestInspectionAndDisposition:
    def test_goods_on_no_line_can_be_decided_and_moved_and_count_nowhere(self, story: Story) -> None:
        stray = {"sku": "STRAY", "quantity": "1"}
        story.received("R1", stray)
        story.inspected("I1", stray)
        hold = {"disposition": "quarantine", "inventory_status": "quarantine", "credit": False}
        story.disposed("P1", "I1", stray | hold)
        story.posted("49001", "P1", stray | {"to_status": "quarantine"})
        return_ = story.fold()
        assert return_["status"] == "unmatched_receipt"
        assert [each["type"] for each in return_["unmatched"]] == [
            "receipt.recorded",
            "inspection.recorded",
            "disposition.decided",
            "inventory.posted",
        ]
        assert story.codes() == ["unmatched_receipt"]

    def test_without_line_numbers_every_step_fills_lines_of_one_item_in_turn(self, story: Story) -> None:
        lines = [{**line, "item": {"sku": "SAME"}} for line in story.requested("2", "3").data["lines"]]
        story.facts = []
        story.requested("2", "3", lines=lines)
        story.decided("2", "3")
        same = {"sku": "SAME", "quantity": "5"}
        story.received("R1", same)
        story.inspected("I1", same)
        story.disposed("P1", "I1", same)
        story.posted("49001", "P1", same)
        lines = story.fold()["lines"]
        assert [line["dispositioned"] for line in lines] == ["2", "3"]
        assert [line["postings"][0]["quantity"] for line in lines] == ["2", "3"]
        assert story.codes() == []

    def test_more_inspected_than_received_and_more_decided_than_inspected_open_cases(
        self, story: Story
    ) -> None:
        story.requested("5")
        story.decided("5")
        story.received("R1", {"line_no": 1, "quantity": "1"})
        story.inspected("I1", {"line_no": 1, "quantity": "2"})
        story.disposed("P1", "I1", {"line_no": 1, "quantity": "3"})
        assert story.codes() == ["over_inspected", "over_dispositioned"]

    def test_each_step_must_name_a_known_one_before(self, story: Story) -> None:
        story.requested("1")
        story.decided("1")
        story.received("R1", {"line_no": 1, "quantity": "1"})
        story.inspected("I1", {"line_no": 1, "quantity": "1"})
        story.disposed("P1", "I9", {"line_no": 1, "quantity": "1"})
        story.posted("49001", "P9", {"line_no": 1, "quantity": "1"})
        story.credited("C1", "10.00", {"line_no": 1, "quantity": "1", "amount": "10.00"})
        assert story.codes() == [
            "disposition_without_inspection",
            "posted_without_disposition",
            "credit_without_disposition",
            "over_posted",
        ]

    def test_missing_goods_have_their_own_bucket(self, story: Story) -> None:
        story.requested("3")
        story.decided("3")
        story.received("R1", {"line_no": 1, "quantity": "2"})
        story.inspected("I1", {"line_no": 1, "quantity": "2"})
        missing = {"line_no": 1, "quantity": "1", "disposition": "missing", "credit": False}
        story.disposed("P1", "I1", {"line_no": 1, "quantity": "2"}, missing)
        line = story.fold()["lines"][0]
        assert (line["dispositioned"], line["missing"]) == ("2", "1")

    def test_a_dispute_stays_a_dispute_until_it_is_decided_otherwise(self, story: Story) -> None:
        story.requested("1")
        story.decided("1")
        story.received("R1", {"line_no": 1, "quantity": "1"})
        story.inspected("I1", {"line_no": 1, "quantity": "1"})
        dispute = {"line_no": 1, "quantity": "1", "disposition": "dispute_review", "credit": False}
        first = story.disposed("P1", "I1", dispute)
        assert story.fold()["status"] == "disputed"
        scrap = {"line_no": 1, "quantity": "1", "disposition": "scrap", "credit": False}
        story.disposed("P1", "I1", scrap, corrects=first)
        assert statuses(story) == ("dispositioned", "received", "not_due")

    def test_one_movement_twice_opens_a_case_and_two_steps_of_one_do_not(self, story: Story) -> None:
        settle(story)
        onward = {"line_no": 1, "quantity": "2", "from_status": "available", "to_status": "blocked"}
        story.posted("49002", "P1", onward)
        assert story.codes() == []
        story.posted("49003", "P1", {"line_no": 1, "quantity": "1"})
        assert story.codes() == ["over_posted"]


class TestMoney:
    def test_the_same_credit_under_two_documents_is_too_much(self, story: Story) -> None:
        settle(story)
        story.credited("C2", "20.00", {"line_no": 1, "quantity": "2", "amount": "20.00"}, disposition_id="P1")
        return_ = story.fold()
        assert return_["financial_status"] == "over_credited"
        assert {case["code"] for case in return_["cases"]} == {"over_credited"}

    def test_more_money_than_the_goods_are_worth_is_too_much(self, story: Story) -> None:
        story.requested("2", return_required=False)
        story.decided("2")
        story.credited("C1", "20.01", {"line_no": 1, "quantity": "2", "amount": "20.01"})
        messages = [case["message"] for case in story.fold()["cases"]]
        assert messages[0] == "20.01 credited of a value of 20"

    def test_a_value_with_fractions_of_a_cent_is_rounded_up(self, story: Story) -> None:
        story.requested("3", return_required=False)
        story.decided(lines=[{"line_no": 1, "authorized": "3", "unit_price": "3.333"}])
        story.credited("C1", "10.00", {"line_no": 1, "quantity": "3", "amount": "10.00"})
        assert story.codes() == []

    def test_a_document_total_beyond_value_and_tax_is_too_much(self, story: Story) -> None:
        story.requested("1", return_required=False)
        story.decided("1")
        line = {"line_no": 1, "quantity": "1", "amount": "10.00"}
        first = story.credited("C1", "11.90", line, tax="1.90")
        assert story.codes() == []
        story.facts.remove(first)
        story.credited("C1", "12.00", line, tax="1.90")
        assert story.codes() == ["over_credited"]

    def test_another_currency_opens_a_case(self, story: Story) -> None:
        story.requested("1", return_required=False)
        story.decided("1")
        line = {"line_no": 1, "quantity": "1", "amount": "10.00"}
        story.credited("C1", "10.00", line, currency="USD")
        assert story.codes() == ["currency_mismatch"]

    def test_partly_credited(self, story: Story) -> None:
        settle(story)
        story.facts.pop()
        story.credited("C1", "10.00", {"line_no": 1, "quantity": "1", "amount": "10.00"}, disposition_id="P1")
        assert statuses(story) == ("dispositioned", "received", "partially_credited")


class TestOtherWays:
    def test_returnless_is_settled_by_its_credit_without_any_goods(self, story: Story) -> None:
        story.requested("2", return_required=False)
        story.decided("2")
        assert statuses(story) == ("returnless", "not_required", "due")
        story.credited("C1", "20.00", {"line_no": 1, "quantity": "2", "amount": "20.00"})
        assert statuses(story) == ("settled", "not_required", "credited")
        assert story.codes() == []

    def test_a_replacement_settles_what_was_due(self, story: Story) -> None:
        settle(story)
        story.facts.pop()
        lines = [
            {"line_no": number, "quantity": quantity, "uom": "EA"}
            for number, quantity in ((1, "2"), (2, "1"))
        ]
        data = {"system": "sap_s4", "document": "O1", "ordered_at": story.time(), "lines": lines}
        story.tell("replacement.ordered", data)
        assert statuses(story) == ("settled", "received", "replaced")
        assert story.fold()["lines"][0]["replaced"] == "2"

    def test_a_credit_and_a_replacement_for_the_same_goods_open_a_case(self, story: Story) -> None:
        settle(story)
        lines = [{"line_no": 1, "quantity": "1", "uom": "EA"}]
        data = {"system": "sap_s4", "document": "O1", "ordered_at": story.time(), "lines": lines}
        story.tell("replacement.ordered", data)
        assert story.codes() == ["double_compensation"]

    def test_a_replacement_for_more_than_expected_opens_a_case(self, story: Story) -> None:
        story.requested("1")
        story.decided("1")
        lines = [{"line_no": 1, "quantity": "2", "uom": "EA"}]
        data = {"system": "sap_s4", "document": "O1", "ordered_at": story.time(), "lines": lines}
        story.tell("replacement.ordered", data)
        assert story.codes() == ["over_replaced"]

    @pytest.mark.parametrize(
        ("state", "logistics", "status"),
        [
            ("label_created", "label_created", "authorized"),
            ("picked_up", "in_transit", "in_transit"),
            ("in_transit", "in_transit", "in_transit"),
            ("exception", "exception", "in_transit"),
            ("delivered", "delivered", "in_transit"),
        ],
    )
    def test_the_carrier_moves_it(self, story: Story, state: str, logistics: str, status: str) -> None:
        story.requested("2")
        story.decided("2")
        news = {"shipment_id": "T1", "updated_at": story.time(), "carrier": "carrier_a"}
        lines = [{"line_no": 1, "quantity": "2", "uom": "EA"}]
        first = {"status": "label_created", "lines": lines, "expected_at": "2026-11-09T12:00:00Z"}
        story.tell("shipment.updated", news | first)
        story.tell("shipment.updated", news | {"status": state})
        return_ = story.fold()
        assert statuses(story)[:2] == (status, logistics)
        assert return_["expected_receipt_at"] == "2026-11-09T12:00:00Z"
        assert len(return_["shipments"]) == 1
        assert return_["lines"][0]["shipped"] == ("0" if state == "label_created" else "2")

    def test_a_claim_is_as_it_was_last_stated(self, story: Story) -> None:
        story.requested("2")
        lines = [{"line_no": 1, "quantity": "2"}]
        claim = {"claim_id": "K1", "updated_at": story.time(), "amount": "15.00", "currency": "EUR"}
        story.tell("claim.updated", claim | {"status": "opened", "lines": lines})
        story.tell("claim.updated", claim | {"status": "accepted"})
        return_ = story.fold()
        assert (return_["claim_status"], return_["lines"][0]["claimed"]) == ("accepted", "2")
        story.tell("claim.updated", claim | {"claim_id": "K2", "status": "denied"})
        assert story.fold()["claim_status"] == "accepted"
        story.tell("claim.updated", claim | {"status": "credited"})
        assert story.fold()["claim_status"] == "credited"

    def test_notifications_are_listed(self, story: Story) -> None:
        story.requested("2")
        data = {"notification_id": "N1", "channel": "mail", "notified_at": story.time()}
        story.tell("party.notified", data | {"recipient": {"role": "buyer"}})
        assert [each["notification_id"] for each in story.fold()["notifications"]] == ["N1"]


class TestEndings:
    def test_cancelled_before_anything_came(self, story: Story) -> None:
        story.requested("2")
        story.ended("cancelled", "withdrawn")
        return_ = story.fold()
        assert (return_["status"], return_["ending"]["reason"], return_["cases"]) == (
            "cancelled",
            "withdrawn",
            [],
        )

    def test_goods_after_the_cancellation_open_a_case(self, story: Story) -> None:
        story.requested("2")
        story.decided("2")
        story.ended("cancelled", "withdrawn")
        story.received("R1", {"line_no": 1, "quantity": "2"})
        assert story.fold()["status"] == "cancelled"
        assert story.codes() == ["ended_early", "moved_after_end"]

    def test_closing_with_open_work_opens_a_case(self, story: Story) -> None:
        story.requested("2")
        story.decided("2")
        story.received("R1", {"line_no": 1, "quantity": "2"})
        story.ended("closed")
        assert story.codes() == ["ended_early"]

    def test_closed_as_expired_is_expired(self, story: Story) -> None:
        story.requested("2")
        story.decided("2")
        story.authorized()
        story.ended("closed", "expired")
        assert statuses(story) == ("expired", "none", "none")
        assert story.codes() == []

    def test_reopened_goes_on_where_it_was(self, story: Story) -> None:
        settle(story)
        story.ended("closed")
        story.ended("reopened", "disputed")
        return_ = story.fold()
        assert return_["status"] == "settled"
        assert "closed_at" not in return_

    def test_facts_without_any_request_say_so(self, story: Story) -> None:
        story.authorized()
        assert story.codes() == ["request_missing"]

    def test_a_line_number_twice_in_a_request_opens_a_case(self, story: Story) -> None:
        request = story.requested("2")
        story.requested("2", lines=[*request.data["lines"], *request.data["lines"]], corrects=request)
        assert story.codes() == ["duplicate_line"]

    def test_line_numbers_that_json_wrote_as_1_0_are_integers(self, story: Story) -> None:
        request = story.requested("2")
        story.requested("2", lines=[{**request.data["lines"][0], "line_no": 1.0}], corrects=request)
        story.decided(lines=[{"line_no": 1.0, "authorized": "2"}, {"line_no": 7.0, "authorized": "2"}])
        return_ = story.fold()
        assert repr(return_["lines"][0]["line_no"]) == "1"
        assert return_["lines"][0]["authorized"] == "2"
        assert repr(return_["cases"][0]["line_no"]) == "7"
