"""A small project of its own, and the real command line in it."""

from __future__ import annotations

import os
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app

MAPPING = """\
mapping: shop.return_request@1
from: json/shop.returns
to: return.requested@1
samples: [one]
key: id
lookups: {reason: "codes/return_reason.csv[shop]"}
map:
  origin: {system: = shop, id: id}
  return_type: = customer
  channel: = portal
  requested_at: created | datetime
  lines:
    each: items as item
    map:
      line_no: position
      item: {sku: item.sku | trim}
      requested: item.quantity | decimal
      uom: item.unit | default(EA)
      reason: item.reason | crosswalk(reason)
      reason_text: item.remark | optional
"""
SOURCE = """\
{"id": "R-17", "created": "2026-11-01T10:00:00+01:00", "colour": "red",
 "items": [{"sku": " 4711 ", "quantity": 2.50, "reason": "BROKEN"}]}
"""
CODES = "canonical,shop\ndamaged,BROKEN\nwrong_item,WRONG|MIXUP\n"


@dataclass(frozen=True)
class Project:
    """A folder with mappings, and commands that run in it."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name: str, before: str, after: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert before in text
        self.write(name, text.replace(before, after))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "RETURNS_HUB_PROJECT": str(self.folder), "NO_COLOR": "1"}

    def run(self, *arguments: str, code: int = 0) -> str:
        """The output of `returns-hub …`, which must end with `code`."""
        with chdir(self.folder):
            done = CliRunner().invoke(app, list(arguments), env=self.environment())
        assert done.exit_code == code, (done.output, done.exception)
        return done.output


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write("mappings/shop/return_request.yaml", MAPPING)
    made.write("mappings/shop/samples/one.json", SOURCE)
    made.write("mappings/codes/return_reason.csv", CODES)
    return made
