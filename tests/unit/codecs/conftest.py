"""Documents written for these tests: small 180s around which every oddity is built."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

GOOD = (
    "BGN*00*CLAIM1*20261101*1200",
    "RDR**DR",
    "PRF*PO77***20260901",
    "N9*RZ*RMA5",
    "N1*BY*ACME CORP*92*0042",
    "N3*1 MAIN STREET",
    "N4*DALLAS*TX*75201",
    "BLI*UP*012345678905*2*EA*UCP*25.75",
    "RDR*CR*DI**TOO SMALL*N",
    "BLI*VN*SKU-1*1*EA",
    "QTY*38*1",
)


class Edi:
    """Builds interchanges; `elements`, `component`, `terminator` and `line` choose the writing."""

    good = GOOD

    @staticmethod
    def transaction(segments: Sequence[str] = GOOD, control: str = "0001", set_id: str = "180") -> list[str]:
        return [f"ST*{set_id}*{control}", *segments, f"SE*{len(segments) + 2}*{control}"]

    @staticmethod
    def group(
        transactions: Sequence[Sequence[str]],
        control: str = "11",
        functional: str = "AN",
        version: str = "004010",
    ) -> list[str]:
        body = [segment for one in transactions for segment in one]
        head = f"GS*{functional}*ACME*HUB*20261101*1200*{control}*X*{version}"
        return [head, *body, f"GE*{len(transactions)}*{control}"]

    @staticmethod
    def isa(
        control: str = "000000001", component: str = ":", version: str = "00401", usage: str = "P"
    ) -> str:
        return (
            f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'HUB':15}*261101*1200*U*{version}*{control}*0*{usage}*"
            f"{component}"
        )

    def interchange(
        self, groups: Sequence[Sequence[str]], control: str = "000000001", **isa: str
    ) -> list[str]:
        body = [segment for one in groups for segment in one]
        return [self.isa(control, **isa), *body, f"IEA*{len(groups)}*{control}"]

    @staticmethod
    def text(segments: Sequence[str], terminator: str = "~", line: str = "\n") -> bytes:
        return "".join(segment + terminator + line for segment in segments).encode()

    def simple(self, *bodies: Sequence[str], line: str = "\n") -> bytes:
        """One interchange, one group, the given transaction bodies (default: a good one)."""
        numbered = [self.transaction(body, f"{at:04d}") for at, body in enumerate(bodies or (GOOD,), 1)]
        return self.text(self.interchange([self.group(numbered)]), line=line)


@pytest.fixture(scope="session")
def edi() -> Edi:
    return Edi()
