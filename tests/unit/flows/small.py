"""Projects of a few files, each with one thing wrong."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.flows.check import check
from hub.flows.problems import Problem

POLICIES = Path(__file__).parents[3] / "policies"

SHOP_SYSTEM = """\
system: shop
title: A shop
connector: inbox
resources:
  returns: {format: json}
"""

SHOP_MAPPING = """\
mapping: shop.return_request@1
from:    json/shop.returns
to:      return.requested@1
samples: [one]
key:     id
lookups: {reason: "codes/return_reason.csv[shop]"}
map:
  origin:       {system: = shop, id: id}
  return_type:  = customer
  channel:      = portal
  requested_at: created | datetime
  references:
    - {type: = order, number: order | optional}
  lines:
    each: items as item
    map:
      line_no:   position
      item:      {sku: item.article}
      requested: item.quantity | decimal
      uom:       = EA
      reason:    item.reason | crosswalk(reason)
"""

SHOP_DOCUMENT: dict[str, Any] = {
    "id": "R-1",
    "created": "2026-11-01T10:00:00+01:00",
    "order": "4711",
    "items": [{"article": "A1", "quantity": "2", "reason": "BROKEN"}],
}

SHOP_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "created": {"type": "string", "format": "date-time"},
        "order": {"type": "string"},
        "state": {"type": "string", "enum": ["open", "done"]},
        "total": {"type": "number"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": "string"},
                    "quantity": {"type": "string"},
                    "reason": {"type": "string"},
                    "unit": {"type": "string"},
                    "kind": {"type": "string", "enum": ["goods", "kit"]},
                },
                "required": ["article"],
            },
        },
    },
}

REASONS = "canonical,shop,title\ndamaged,BROKEN,Damaged\nwrong_item,WRONG,Not ordered\n"

SHOP = "mappings/shop/return_request.yaml"
SCHEMA = "mappings/shop/schemas/shop.returns.schema.json"
FLOW = "dags/flows/shop_in.yaml"


def shop(project: Path, files: Mapping[str, Any] | None = None) -> Path:
    """A project in which nothing is wrong but what `files` brings: texts, trees for JSON, None to remove."""
    shutil.copytree(POLICIES, project / "policies", dirs_exist_ok=True)
    base: dict[str, Any] = {
        "mappings/shop/system.yaml": SHOP_SYSTEM,
        SHOP: SHOP_MAPPING,
        SCHEMA: SHOP_SCHEMA,
        "mappings/codes/return_reason.csv": REASONS,
        "mappings/shop/samples/one.json": SHOP_DOCUMENT,
        FLOW: "flow: shop_in\nowner: o\non: arrival\nentity: us\n"
        "read: {from: shop, resource: returns}\nmap: shop.return_request@1\n",
    }
    for file, content in {**base, **(files or {})}.items():
        path = project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return project


def edited(text: str, before: str, after: str) -> str:
    """A file's text with one thing changed that must be there."""
    assert before in text
    return text.replace(before, after, 1)


def found(project: Path, *ignored: str) -> list[Problem]:
    """What `check` says, without the problems that every mapping with a changed result has."""
    return [problem for problem in check(project) if problem.code not in ("sample-fails", *ignored)]


def told(problem: Problem) -> tuple[str, str, str, str]:
    """Place and message, code, severity and hint."""
    return str(problem), problem.code, problem.severity, problem.hint
