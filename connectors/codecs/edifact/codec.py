"""EDIFACT as a codec: documents to records, trees to documents."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from connectors.codecs.base import NOTHING, Body, Decoded, Finding, Record, Tree
from connectors.codecs.edifact import findings as codes
from connectors.codecs.edifact.envelope import Group, Interchange, Message
from connectors.codecs.edifact.guide import find, load, names, nearest, unguided
from connectors.codecs.edifact.reader import Reader
from connectors.codecs.edifact.segments import Block, Plain
from connectors.codecs.edifact.service import COMPONENT, ELEMENT, SEGMENT, part
from connectors.codecs.edifact.tree import builder, flat
from connectors.codecs.edifact.writer import write
from connectors.codecs.segmented.guide import Guide


@dataclass(slots=True, kw_only=True)
class EdifactDecoded(Decoded):
    """`interchanges` grows while `records` is read, and is complete once that is exhausted."""

    interchanges: list[Interchange] = field(default_factory=list)


class Profile(NamedTuple):
    """What a partner is allowed beyond the guide; from the options of `decode`."""

    tolerate: Collection[str] = ()
    versions: Collection[str] = ()
    charset: str = ""
    lenient: bool = False  # people look at it: nothing is refused for being another message or version

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Profile:
        """Read the options `tolerate`, `versions` (lists or one text), `charset` and `lenient`."""
        lists = [options.get(name) or () for name in ("tolerate", "versions")]
        tolerate, versions = ((one,) if isinstance(one, str) else tuple(one) for one in lists)
        return cls(
            tolerate, versions, str(options.get("charset") or ""), lenient=bool(options.get("lenient"))
        )


class Examined(NamedTuple):
    """One message looked into; `tree` is None with a fatal finding, `guide` for an unknown message."""

    tree: Tree
    digest: str
    findings: tuple[Finding, ...]
    segments: int = 0
    guide: Guide | None = None


class EdifactCodec:
    """Reads and writes one message type by its guide.

    A format without a release (`edifact/orders`) is read without a guide: the tree is flat, a list of
    segments under each id, in which composites are objects, and nothing but the envelope is checked.

    Options of `decode`:
        tolerate: segment ids that may be where the guide does not have them, or "*"; they are kept in the
            tree and told as findings that are not fatal.
        versions: further versions of UNH (`D:97B`) to read with this guide.
        charset: of the text instead of the one that UNB tells.
    """

    media_type = "application/edifact"

    def __init__(self, name: str) -> None:
        self.guide = unguided(name) or load(name)

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> EdifactDecoded:
        """Read a document; each message is a record, broken ones with tree None."""
        reader = Reader(body)
        document = EdifactDecoded(records=iter(()), interchanges=reader.interchanges)
        document.records = self._records(reader, Profile.of(options), document)
        return document

    def _records(self, reader: Reader, profile: Profile, document: EdifactDecoded) -> Iterator[Record]:
        labels: Mapping[str, str] = {}
        group: Group | None = None
        for index, block in enumerate(reader.blocks()):
            found = examine(block, self.guide, profile)
            tree, digest, findings = found[:3]
            if block.interchange is None:
                yield Record(index=index, tree=None, digest=digest, findings=findings)
                continue
            _enter(block, found)
            if block.group is not group:
                group = block.group
                labels = block.interchange.labels(group)
            envelope = {**labels, "set": block.set, "transaction": block.control, "version": block.version}
            envelope["functional"] = envelope["functional"] or block.set
            yield Record(index=index, tree=tree, digest=digest, findings=findings, envelope=envelope)
        for interchange in reader.interchanges:
            document.findings += interchange.findings
            for one in interchange.groups:
                document.findings += one.findings

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write one message (or a list of them) in an interchange of its own; see `writer.write`."""
        return write(tree, self.guide, envelope)


def envelopes(body: Body, options: Mapping[str, Any] = NOTHING) -> list[Interchange]:
    """Read a document into its interchanges, groups and messages, each with what is wrong with it.

    Each message is checked by the guide of its type and version; one without a guide is not accepted. The
    options are those of `EdifactCodec.decode`; where they say the `format` that is read
    (`edifact/retann-d96a`), no other message is accepted.
    """
    reader = Reader(body)
    for _ in looked_into(reader, options):
        pass
    return reader.interchanges


def looked_into(reader: Reader, options: Mapping[str, Any] = NOTHING) -> Iterator[tuple[Block, Examined]]:
    """Each message as it is read, entered into its group; what is no EDI has no interchange.

    The options are those of `envelopes`. With `lenient` a message is checked by the guide nearest
    to its version, and one without any is not checked.
    """
    profile = Profile.of(options)
    wanted = str(options.get("format") or "")
    only = load(wanted) if wanted in names() else None
    for block in reader.blocks():
        guide = only or find(block.set, block.version)
        if guide is None and profile.lenient:
            guide = nearest(block.set, block.version)
        found = examine(block, guide, profile)
        if block.interchange is not None:
            _enter(block, found)
        yield block, found


def _enter(block: Block, found: Examined) -> None:
    """Enter a message into its group, for the acknowledgement."""
    if block.interchange is None:
        return
    block.interchange.segments += found.segments
    block.group.messages.append(
        Message(
            set=block.set,
            control=block.control,
            version=block.version,
            accepted=not any(finding.fatal for finding in found.findings),
            segments=found.segments,
            offset=block.offset,
            guide=found.guide.name if found.guide else "",
            findings=found.findings,
        )
    )


def examine(block: Block, guide: Guide | None, profile: Profile) -> Examined:
    """Read one message by a guide, or without one where the profile is lenient or the guide is none."""
    if block.interchange is None:
        return Examined(None, hashlib.sha256(block.raw).hexdigest(), tuple(block.findings))
    plain = block.plain(profile.charset) if block.trailer else None
    if plain is not None and guide is not None and block.set == guide.set:
        quick = _quickly(block, block.interchange, guide, profile, plain)
        if quick is not None:
            return quick
    return _thoroughly(block, block.interchange, guide, profile, learns=plain is not None)


def _thoroughly(
    block: Block, interchange: Interchange, guide: Guide | None, profile: Profile, *, learns: bool
) -> Examined:
    """What `examine` gives, segment by segment; kinds of what is without fault are remembered."""
    texts, foreign = block.texts(profile.charset)
    found: list[Finding] = list(block.findings)
    whole = bool(block.trailer)
    content = texts[1:-1] if whole else texts[1:]
    digest = _digest(SEGMENT.join([one.rstrip(ELEMENT + COMPONENT) for one in content]))
    if foreign:
        found.append(_foreign(block, profile.charset or interchange.syntax))
    if whole:
        _check_trailer(block, len(texts), found)
    if interchange.bare and not profile.lenient:
        found += interchange.findings
    tree = None
    unguided = profile.lenient if guide is None else block.set == guide.set and not guide.structure
    if unguided:
        tree, guide = (flat(content) if whole else None), None
    elif (problem := _unsupported(block, guide, profile)) is not None or guide is None:
        found += [problem] if problem else []
        guide = None
    elif whole:
        tree, problems = builder(guide).build(content, block, profile.tolerate)
        if learns and not problems:
            builder(guide).learn(content)
        # what another version says about a message is worth knowing, and not binding
        strange = profile.lenient and not guide.covers(block.version)
        found += [replace(one, fatal=False) for one in problems] if strange else problems
    fatal = any(finding.fatal for finding in found)
    return Examined(None if fatal else tree, digest, tuple(found), len(texts), guide)


def _quickly(
    block: Block, interchange: Interchange, guide: Guide, profile: Profile, plain: Plain
) -> Examined | None:
    """What `examine` gives for a message of a kind that was seen before; None: not of one."""
    built = builder(guide).quickly(plain.content)
    if built is None:
        return None
    tree, count = built
    found = list(block.findings)
    if plain.foreign:
        found.append(_foreign(block, profile.charset or interchange.syntax))
    _check_trailer(block, count + 2, found)
    if interchange.bare and not profile.lenient:
        found += interchange.findings
    problem = _unsupported(block, guide, profile)
    found += [problem] if problem else []
    fatal = bool(found) and any(finding.fatal for finding in found)
    digest = _digest(plain.content)
    return Examined(None if fatal else tree, digest, tuple(found), count + 2, None if problem else guide)


def _digest(content: str) -> str:
    """Content without envelope and separators at the ends of segments, whatever it was written with."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _check_trailer(block: Block, count: int, found: list[Finding]) -> None:
    stated, control = part(block.trailer, 1), part(block.trailer, 2)
    if not stated.isascii() or not stated.isdigit() or int(stated[:12]) != count:
        message = (
            f"The trailer UNT of message {block.control} counts '{stated}' segments, but {count} were found "
            "from UNH to UNT; the file may have been cut or edited."
        )
        found.append(_of_message(block, codes.MESSAGE_COUNT_MISMATCH, message, str(count), stated))
    if control != block.control:
        message = f"The reference of UNH is '{block.control}', but the trailer UNT says '{control}'."
        found.append(_of_message(block, codes.MESSAGE_CONTROL_MISMATCH, message, block.control, control))
    if not block.control:
        message = "The message has no reference (element 0062 of UNH)."
        found.append(_of_message(block, codes.MESSAGE_CONTROL_MISSING, message, "a reference", ""))


def _unsupported(block: Block, guide: Guide | None, profile: Profile) -> Finding | None:
    if guide is None or block.set != guide.set:
        expected = guide.set if guide else "a message with a guide"
        message = f"Message {block.control} is of type '{block.set}', expected {expected}."
        return _of_message(block, codes.MESSAGE_UNSUPPORTED, message, expected, block.set)
    release = ":".join(block.version.split(":")[:2])
    if profile.lenient:
        return None
    if not guide.covers(block.version) and not {release, block.version} & set(profile.versions):
        message = (
            f"Message {block.control} is of version '{release}', this partner's documents are read as "
            f"{guide.version}; name it among the tolerated versions if that is right."
        )
        return _of_message(block, codes.MESSAGE_UNSUPPORTED, message, guide.version, release)
    return None


def _foreign(block: Block, charset: str) -> Finding:
    message = f"Message {block.control} holds bytes that are no text in {charset}."
    return _of_message(block, codes.MESSAGE_CHARACTERS, message, charset, "other bytes", fatal=False)


def _of_message(
    block: Block, code: str, message: str, expected: str, found: str, *, fatal: bool = True
) -> Finding:
    return codes.EdifactFinding(
        code=code,
        message=message,
        place=f"message {block.control or '?'}",
        expected=expected,
        found=found[:200],
        offset=block.offset,
        fatal=fatal,
    )
