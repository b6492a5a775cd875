"""The documents that are measured with: always the same, never two alike."""

from __future__ import annotations

from typing import Any

import orjson

LINES = 4
_X12_REASONS = ("DA", "DR", "WG", "NA")
_PORTAL_REASONS = ("DAMAGED", "DEFECTIVE", "WRONG_ITEM", "NOT_AS_EXPECTED")


def notices(count: int, first: int = 1) -> bytes:
    """One X12 180 interchange with `count` return notices of four lines each, numbered from `first`."""
    transactions = "".join(_transaction(f"{position:04d}", first + position) for position in range(count))
    return (
        f"ISA*00*          *00*          *ZZ*ACME           *ZZ*RETURNSHUB     *261101*0930*U*00401*"
        f"{first:09d}*0*P*>~\nGS*AN*ACME*RETURNSHUB*20261101*0930*{first}*X*004010~\n{transactions}"
        f"GE*{count}*{first}~\nIEA*1*{first:09d}~\n"
    ).encode()


def _transaction(control: str, number: int) -> str:
    header = (
        f"ST*180*{control}~\nBGN*00*CLM{number:07d}*20261101*0930~\nPRF*ACME-PO-{number:07d}~\n"
        f"N1*BY*ACME HARDWARE*92*17100014~\n"
    )
    lines = "".join(
        f"BLI*UP*{_sku(number, line)}*{1 + line}*EA~\nPID*F****Cordless drill, 18 V~\nRDR**{reason}~\n"
        for line, reason in enumerate(_X12_REASONS)
    )
    return f"{header}{lines}SE*{5 + 3 * LINES}*{control}~\n"


def requests(count: int, first: int = 1) -> bytes:
    """A JSON document with `count` return requests of the portal, four lines each, under `returns`."""
    return orjson.dumps({"returns": [request(first + position) for position in range(count)]})


def request(number: int) -> dict[str, Any]:
    """One return request as the portal writes it."""
    return {
        "reference": f"WEB-{number:07d}",
        "customer": {"number": "17100014", "name": "Northside Tools", "email": "returns@northside.example"},
        "order_number": f"5{number:07d}",
        "po_number": f"PORTAL-PO-{number:07d}",
        "requested_at": "2026-10-31T18:05:00+01:00",
        "resolution": "credit",
        "currency": "EUR",
        "lines": [
            {
                "sku": _sku(number, line),
                "quantity": str(1 + line),
                "uom": "EA",
                "reason": reason,
                "comment": "Does not switch on",
                "serials": [f"SN-{number}-{line}"],
            }
            for line, reason in enumerate(_PORTAL_REASONS)
        ],
    }


def _sku(number: int, line: int) -> str:
    return f"6141410{(number * LINES + line) % 100_000:05d}"
