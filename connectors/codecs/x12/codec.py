"""X12 as a codec: documents to records, trees to documents, and the summary that is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connectors.codecs.base import NOTHING, Body, Decoded, Finding, Record, Tree
from connectors.codecs.segmented.guide import Guide
from connectors.codecs.x12 import findings as codes
from connectors.codecs.x12.delimiters import Delimiters, Separators
from connectors.codecs.x12.envelope import Group, Interchange, Transaction
from connectors.codecs.x12.guide import find, load, names, nearest, unguided
from connectors.codecs.x12.reader import Reader
from connectors.codecs.x12.segments import Block
from connectors.codecs.x12.tree import builder, flat
from connectors.codecs.x12.writer import write

_RELEASE: Final = "004010"


@dataclass(slots=True, kw_only=True)
class X12Decoded(Decoded):
    """`interchanges` grows while `records` is read, and is what `envelopes` gives once that is exhausted."""

    interchanges: list[Interchange] = field(default_factory=list)


class Profile(NamedTuple):
    """What a partner is allowed beyond the guide; from the options of `decode`."""

    tolerate: Collection[str] = ()
    versions: Collection[str] = ()
    functional: Collection[str] = ()
    charset: str = ""
    lenient: bool = False  # people look at it: no other set, release or partner is refused

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Profile:
        """Read the options `tolerate`, `versions`, `functional` (lists or one text), `charset`, `lenient`."""
        lists = [options.get(name) or () for name in ("tolerate", "versions", "functional")]
        tolerate, versions, functional = ((one,) if isinstance(one, str) else tuple(one) for one in lists)
        return cls(
            tolerate,
            versions,
            functional,
            str(options.get("charset") or ""),
            lenient=bool(options.get("lenient")),
        )


class Examined(NamedTuple):
    """One transaction looked into; `tree` is None with a fatal finding, `guide` for an unknown set."""

    tree: Tree
    digest: str
    findings: tuple[Finding, ...]
    segments: int = 0
    guide: Guide | None = None


class X12Codec:
    """Reads and writes one transaction set by its guide.

    A format without a release (`x12/850`) is read without a guide: the tree is flat, a list of segments
    under each id, in which composites are objects, and nothing but the envelope is checked.

    Options of `decode`:
        tolerate: segment ids that may be where the guide does not have them, or "*"; they are kept in the
            tree and told as findings that are not fatal.
        versions: values of GS08 to read with this guide beside its own release.
        functional: values of GS01 to expect instead of the guide's.
        charset: of the text; default UTF-8, else Latin-1.
    """

    media_type = "application/edi-x12"

    def __init__(self, name: str) -> None:
        self.guide = unguided(name) or load(name)

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> X12Decoded:
        """Read a document; each transaction is a record, broken ones with tree None."""
        reader = Reader(body)
        profile = Profile.of(options)
        document = X12Decoded(records=iter(()), interchanges=reader.interchanges)
        document.records = self._records(reader, profile, document)
        return document

    def _records(self, reader: Reader, profile: Profile, document: X12Decoded) -> Iterator[Record]:
        labels: dict[str, str] = {}
        group: Group | None = None
        for index, block in enumerate(reader.blocks()):
            found = examine(block, self.guide, profile)
            tree, digest, findings = found[:3]
            if block.interchange is None:
                yield Record(index=index, tree=None, digest=digest, findings=findings)
                continue
            _note(block, found)
            if block.group is not group:
                group = block.group
                labels = block.interchange.labels(group, "", "")
            envelope = labels.copy()
            envelope["set"], envelope["transaction"] = block.set, block.control
            yield Record(index=index, tree=tree, digest=digest, findings=findings, envelope=envelope)
        for interchange in reader.interchanges:
            document.findings += interchange.findings
            for one in interchange.groups:
                document.findings += one.findings

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write one transaction (or a list of them) in an interchange of its own; see `writer.write`."""
        return write(tree, self.guide, envelope)


def envelopes(body: Body, options: Mapping[str, Any] = NOTHING) -> list[Interchange]:
    """Read a document into its interchanges, groups and transactions, each with what is wrong with it.

    Each transaction is checked by the guide of its set; a set without a guide is not accepted. The options
    are those of `X12Codec.decode`; where they say the `format` that is read (`x12/180-004010`), no other set
    is accepted.
    """
    reader = Reader(body)
    for _ in looked_into(reader, options):
        pass
    return reader.interchanges


def looked_into(reader: Reader, options: Mapping[str, Any] = NOTHING) -> Iterator[tuple[Block, Examined]]:
    """Each transaction as it is read, entered into its group; what is no EDI has no interchange.

    The options are those of `envelopes`. With `lenient` each set is checked by the guide that is nearest to
    its release, and a set without one is not checked.
    """
    profile = Profile.of(options)
    wanted = str(options.get("format") or "")
    only = load(wanted) if wanted in names() else None
    for block in reader.blocks():
        # a release without a guide of its own is refused or, if the profile names it, read by this one
        guide = only or find(block.set, block.version) or _other(block, profile)
        found = examine(block, guide, profile)
        if block.interchange is not None:
            _note(block, found)
        yield block, found


def _other(block: Block, profile: Profile) -> Guide | None:
    """The guide for a release that has none of its own."""
    if profile.lenient and block.version and block.version < _RELEASE:
        return None  # dates were shorter then, and much else
    return (nearest(block.set, block.version) if profile.lenient else None) or find(block.set, _RELEASE)


def _note(block: Block, found: Examined) -> None:
    """Enter a transaction into its group, for the acknowledgement."""
    interchange = block.interchange
    if interchange is None:
        return
    _, _, findings, segments, guide = found
    interchange.segments += segments
    if interchange.charset != "latin-1" and not block.raw.isascii():
        interchange.charset = block.charset
    block.group.transactions.append(
        Transaction(
            set=block.set,
            control=block.control,
            accepted=not findings or not any(finding.fatal for finding in findings),
            version=block.own_version or block.group.version,
            segments=segments,
            offset=block.offset,
            guide=guide.name if guide else "",
            findings=findings,
        )
    )


def examine(block: Block, guide: Guide | None, profile: Profile) -> Examined:
    """Read one transaction by a guide, or without one where the profile is lenient or the guide is none."""
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
    texts = block.segments(profile.charset)
    found: list[Finding] = list(block.findings)
    whole = bool(block.trailer)
    content = texts[1:-1] if whole else texts[1:]
    delimiters = interchange.delimiters
    digest = _digest("\x1e".join(content), delimiters)
    tree = None
    if interchange.bare and not profile.lenient:
        found += interchange.findings
    if whole:
        _check_trailer(block, len(texts), found)
    unguided = profile.lenient if guide is None else block.set == guide.set and not guide.structure
    if unguided:
        tree, guide = (flat(content, delimiters.text) if whole else None), None
    elif guide is None or block.set != guide.set:
        found.append(_unsupported(block, guide))
        guide = None
    else:
        if not profile.lenient:
            _check_group(block, guide, profile, found)
        if whole:
            trees = builder(guide, delimiters.text)
            tree, problems = trees.build(content, block, profile.tolerate)
            if learns and not problems:
                trees.learn(content)
            # what another release says about a transaction is worth knowing, and not binding
            foreign = profile.lenient and not guide.covers(block.version)
            found += [replace(one, fatal=False) for one in problems] if foreign else problems
    fatal = any(finding.fatal for finding in found)
    return Examined(None if fatal else tree, digest, tuple(found), len(texts), guide)


def _quickly(
    block: Block, interchange: Interchange, guide: Guide, profile: Profile, plain: str
) -> Examined | None:
    """What `examine` gives for a transaction of a kind that was seen before; None: not of one."""
    delimiters = interchange.delimiters
    built = builder(guide, delimiters.text).quickly(plain)
    if built is None:
        return None
    tree, count = built
    found = list(block.findings)
    if interchange.bare and not profile.lenient:
        found += interchange.findings
    if block.trailer[1:] != (str(count + 2), block.control) or not block.control:
        _check_trailer(block, count + 2, found)
    if not profile.lenient and block.group.fits != guide.name:
        _check_group(block, guide, profile, found)
    digest = _digest(plain.replace(delimiters.text.segment, "\x1e"), delimiters)
    fatal = bool(found) and any(finding.fatal for finding in found)
    return Examined(None if fatal else tree, digest, tuple(found), count + 2, guide)


def _digest(text: str, delimiters: Delimiters) -> str:
    """Content, segments ended by 0x1E, without regard to which delimiters it was written with."""
    for sign, standard in _unusual(delimiters.text):
        text = text.replace(sign, standard)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=64)
def _unusual(signs: Separators) -> tuple[tuple[str, str], ...]:
    """Separators that are not the usual ones, with those."""
    pairs = zip(signs[:3], "*:^", strict=True)
    return tuple((sign, standard) for sign, standard in pairs if sign and sign != standard)


def _check_trailer(block: Block, count: int, found: list[Finding]) -> None:
    trailer = [element.strip() for element in block.trailer] + ["", ""]
    stated, control = trailer[1], trailer[2]
    if not stated.isascii() or not stated.isdigit() or int(stated[:12]) != count:
        message = (
            f"The trailer SE01 of transaction {block.control} counts '{stated}' segments, but {count} were "
            "found from ST to SE; the file may have been cut or edited."
        )
        found.append(_of_set(block, codes.SET_COUNT_MISMATCH, message, str(count), stated))
    if control != block.control:
        message = f"ST02 is '{block.control}', but the trailer SE02 says '{control}'."
        found.append(_of_set(block, codes.SET_CONTROL_MISMATCH, message, block.control, control))
    if not block.control:
        message = "The transaction has no control number (ST02)."
        found.append(_of_set(block, codes.SET_CONTROL_INVALID, message, "a number", ""))


def _check_group(block: Block, guide: Guide, profile: Profile, found: list[Finding]) -> None:
    group, before = block.group, len(found)
    if not guide.covers(group.version) and group.version not in profile.versions:
        message = (
            f"The group is of version '{group.version}' (GS08), this partner's documents are read as "
            f"{guide.version}; name it among the tolerated versions if that is right."
        )
        found.append(_of_set(block, codes.GROUP_VERSION, message, guide.version, group.version))
    expected = profile.functional or (guide.functional,)
    if group.functional not in expected:
        listed = ", ".join(expected)
        message = f"The group holds '{group.functional}' (GS01), expected {listed}."
        found.append(_of_set(block, codes.GROUP_UNSUPPORTED, message, listed, group.functional, fatal=False))
    if len(found) == before:
        group.fits = guide.name


def _unsupported(block: Block, guide: Guide | None) -> Finding:
    expected = guide.set if guide else "a set with a guide"
    message = f"Transaction {block.control} is a '{block.set}', expected {expected}."
    return _of_set(block, codes.SET_UNSUPPORTED, message, expected, block.set)


def _of_set(
    block: Block, code: str, message: str, expected: str, found: str, *, fatal: bool = True
) -> Finding:
    return codes.X12Finding(
        code=code,
        message=message,
        place=f"transaction {block.control or '?'}",
        expected=expected,
        found=found[:200],
        offset=block.offset,
        fatal=fatal,
    )
