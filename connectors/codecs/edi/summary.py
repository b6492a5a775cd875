"""An interchange as plain values, for tables and for JSON; both standards in the same words."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.codecs import edifact, x12
from connectors.codecs.base import Finding
from connectors.codecs.edi.reading import Interchange, Message, Seen
from connectors.codecs.edi.verdicts import AckError, Acknowledgement

_CENTURY_FROM: Final = 70  # two digits of a year from here on are of the last century
_FORMS: Final = {4: ("%Y%m%d%H%M", "minutes"), 6: ("%Y%m%d%H%M%S", "seconds")}  # by the length of the time

Summary = dict[str, Any]


def summary(seen: Seen) -> Summary:
    """One interchange with its groups, its transactions and everything that is wrong.

    Returns:
        `format` (x12, edifact), `status`, `delimiters` by name, `charset`, `sender`, `receiver` and their
        qualifiers, `control`, `date` (ISO 8601, without zone: none is sent), `test`, `version` (ISA12, or
        syntax and version as in `UNOC:3`), `segments` (all of them), `groups` [{`id`, `control`, `version`,
        `sender`, `receiver`, `transactions` [{`set`, `control`, `version`, `segments`, `status`, `guide`,
        `errors` [{`segment`, `position`, `element`, `component`, `loop`, `code`, `message`, `expected`,
        `found`, `offset`, `fatal`}]}]}], `acks` [{`kind` (TA1, 997, 999, CONTRL), `interchange`, `group`,
        `functional`, `verdict`, `counts`, `transactions` [{`set`, `control`, `group`, `verdict`, `errors`}],
        `errors`, `notes`, `sentence`}], `findings`. Without an interchange everything but `format`, `status`
        and `findings` is empty.
    """
    head = _NOTHING if seen.interchange is None else _head(seen.interchange)
    found = seen.interchange.findings if seen.interchange else []
    groups = [_group(group) for group in seen.interchange.groups] if seen.interchange else []
    findings = [*map(finding, found), *_of_groups(seen.interchange), *map(finding, seen.outside)]
    return {
        "format": str(seen.standard),
        "status": _overall(seen, groups),
        **head,
        "groups": groups,
        "acks": [acknowledgement(one) for one in seen.acknowledgements],
        "findings": findings,
    }


_NOTHING: Final[Summary] = {
    "delimiters": {},
    "charset": "",
    "sender": "",
    "sender_qualifier": "",
    "receiver": "",
    "receiver_qualifier": "",
    "control": "",
    "date": None,
    "test": False,
    "version": "",
    "segments": 0,
}


def delimiters(interchange: Interchange) -> dict[str, str]:
    """The delimiters by name; one that the interchange has not is empty."""
    if isinstance(interchange, x12.Interchange):
        names = ("element", "component", "repetition", "segment")
        signs = interchange.delimiters
        found = {name: getattr(signs, name).decode("utf-8", "backslashreplace") for name in names}
        return found | ({"segment": "\r\n"} if signs.carriage_return else {})
    service = interchange.service._asdict()
    order = ("element", "component", "repetition", "segment", "release", "decimal")
    return {name: service[name].decode("latin-1") for name in order}


def status(message: Message) -> str:
    """What an acknowledgement says of a transaction, in a word."""
    if not message.accepted:
        return "rejected"
    return "accepted_with_errors" if message.findings else "accepted"


def finding(one: Finding, group: str = "") -> Summary:
    """A finding about an interchange or a group."""
    told = {
        "code": one.code,
        "message": one.message,
        "place": one.place,
        "expected": one.expected,
        "found": one.found,
        "offset": one.offset,
        "fatal": one.fatal,
    }
    return {"group": group, **told} if group else told


def error(one: Finding) -> Summary:
    """A finding about a transaction: which segment, counted from ST or UNH as 1, which element, what."""
    return {
        "segment": getattr(one, "segment", ""),
        "position": getattr(one, "number", 0) or None,
        "element": getattr(one, "element", 0) or None,
        "component": getattr(one, "component", 0) or None,
        "loop": getattr(one, "loop", ""),
        "code": one.code,
        "message": one.message,
        "expected": one.expected,
        "found": one.found,
        "offset": one.offset,
        "fatal": one.fatal,
    }


def acknowledgement(one: Acknowledgement) -> Summary:
    """What an acknowledgement says, about which of our documents."""
    about = one.about
    what = f"group {about.group}" if about.group else f"interchange {about.interchange or '?'}"
    return {
        "kind": one.kind,
        "interchange": about.interchange,
        "group": about.group,
        "functional": about.functional,
        "verdict": str(one.verdict),
        "others": str(one.others),
        "counts": one.counts._asdict(),
        "transactions": [
            {
                "set": each.set,
                "control": each.control,
                "group": each.group,
                "verdict": str(each.verdict),
                "errors": [_ack_error(error) for error in each.errors],
            }
            for each in one.transactions
        ],
        "errors": [_ack_error(error) for error in one.errors],
        "notes": [note.message for note in one.notes],
        "sentence": f"{what} {str(one.verdict).replace('_', ' ')}",
    }


def _ack_error(one: AckError) -> Summary:
    return {
        "segment": one.segment,
        "position": one.number or None,
        "element": one.element or None,
        "component": one.component or None,
        "loop": one.loop,
        "code": one.code,
        "message": one.message,
        "found": one.found,
    }


def _head(one: Interchange) -> Summary:
    version = f"{one.syntax}:{one.version}" if isinstance(one, edifact.Interchange) else one.version
    return {
        "delimiters": delimiters(one),
        "charset": codecs.lookup(one.charset).name if one.charset else "",
        "sender": one.sender,
        "sender_qualifier": one.sender_qualifier,
        "receiver": one.receiver,
        "receiver_qualifier": one.receiver_qualifier,
        "control": one.control,
        "date": moment(one.date, one.time),
        "test": one.test,
        "version": version.strip(":"),
        "segments": one.segments,
    }


def moment(date: str, time: str) -> str | None:
    """Date and time of an envelope as ISO 8601, `2026-11-28T14:30`; None when they are none."""
    century = "19" if date[:2] >= str(_CENTURY_FROM) else "20"
    day = century + date if len(date) == len("YYMMDD") else date
    form, kept = _FORMS.get(len(time), ("", ""))
    try:
        return datetime.strptime(day + time, form).isoformat(timespec=kept)  # noqa: DTZ007 - none is told
    except ValueError:
        return None


def _group(group: x12.Group | edifact.Group) -> Summary:
    members: Iterable[Message] = group.messages if isinstance(group, edifact.Group) else group.transactions
    transactions = [_transaction(one) for one in members]
    versions: Mapping[str, None] = dict.fromkeys(one["version"] for one in transactions)
    return {
        "id": group.functional or next((one["set"] for one in transactions), ""),
        "control": group.control,
        "version": group.version or ",".join(versions),
        "sender": group.sender,
        "receiver": group.receiver,
        "explicit": group.explicit,
        "transactions": transactions,
    }


def _transaction(one: Message) -> Summary:
    return {
        "set": one.set,
        "control": one.control,
        "version": one.version,
        "segments": one.segments,
        "status": status(one),
        "guide": one.guide or None,
        "errors": [error(each) for each in one.findings],
    }


def _of_groups(interchange: Interchange | None) -> list[Summary]:
    groups = interchange.groups if interchange else []
    return [finding(one, group.control or "?") for group in groups for one in group.findings]


def _overall(seen: Seen, groups: list[Summary]) -> str:
    """Whether everything, some of it or nothing of an interchange can be processed."""
    interchange = seen.interchange
    if interchange is None or any(one.fatal for one in interchange.findings):
        return "rejected"
    words = [one["status"] for group in groups for one in group["transactions"]]
    rejected = words.count("rejected")
    if rejected == len(words) and (words or not seen.acknowledgements):
        return "rejected"  # all of it, or there is nothing in it
    if rejected or any(one.fatal for one in seen.outside):
        return "partially_accepted"  # what stands outside of messages is refused as well
    noted = bool(interchange.findings or seen.outside or any(group.findings for group in interchange.groups))
    return "accepted_with_errors" if noted or "accepted_with_errors" in words else "accepted"
