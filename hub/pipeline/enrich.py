"""enrich: ask other systems what they know about a batch. One that is down means wait, not dead letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Config, ConnectorError, Unavailable, Unknown
from hub.flows.models import Enrichment, IntakeFlow
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Failure, Interpreted


def enrich(hub: Hub, flow: IntakeFlow, batch: Sequence[Interpreted]) -> None:
    """Look up what a flow's `enrich:` names, once per distinct key, and put it beside each record.

    A record whose system cannot answer now gets `held`; one whose answer cannot be mapped gets `failure`.

    Raises:
        connectors.errors.Config: The system's connection is wrong here; nothing is burnt.
    """
    for enrichment in flow.enrich:
        _enrich(hub, enrichment, [item for item in batch if not (item.failure or item.held or item.noted)])


def _enrich(hub: Hub, enrichment: Enrichment, batch: Sequence[Interpreted]) -> None:
    keys = {id(item): next(_values(item.data, enrichment.by), "") for item in batch}
    wanted = sorted({key for key in keys.values() if key})
    try:
        answers = hub.connector(enrichment.system).lookup(enrichment.resource, wanted) if wanted else {}
    except (Unavailable, Unknown) as error:
        for item in batch:
            item.held = f"{enrichment.system} cannot be asked for {enrichment.resource}: {error.message}"
        return
    except Config:
        raise
    except ConnectorError as error:
        for item in batch:
            fault = {"path": enrichment.by, "message": error.message, "found": keys[id(item)]}
            item.failure = Failure(step="enrich", code=error.code, errors=[fault])
        return
    mapping = hub.catalog.mappings[enrichment.map]
    for item in batch:
        answer = answers.get(keys[id(item)])
        if answer is not None:
            _place(item, enrichment, mapping.apply(answer))


def _place(item: Interpreted, enrichment: Enrichment, mapped: Any) -> None:
    if mapped.errors:
        errors = [
            {
                "path": error.target_path,
                "message": error.message,
                "source": error.source_path,
                "found": error.found,
            }
            for error in mapped.errors
        ]
        item.failure = Failure(step="enrich", code=f"{enrichment.name}_mapping", errors=errors)
    elif enrichment.name == "order":
        item.order = mapped.value


def _values(data: Mapping[str, Any], path: str) -> Iterator[str]:
    """Values at a dotted path; `references.customer_po` is the number of the reference of that type."""
    head, _, rest = path.partition(".")
    if head == "references":
        yield from (r["number"] for r in data.get("references") or () if r.get("type") == rest)
    elif not rest:
        if data.get(head):
            yield str(data[head])
    elif isinstance(data.get(head), Mapping):
        yield from _values(data[head], rest)
