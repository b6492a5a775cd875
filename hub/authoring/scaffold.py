"""A first mapping from a sample: what can be proposed, and what a person must decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.authoring import looks
from hub.authoring.guesses import by_values
from hub.authoring.proposal import PARTY, REFERENCES, assign, calls, key_of, wants
from hub.authoring.sources import Found, Sources, sources
from hub.authoring.targets import Field, fields_of
from hub.authoring.yamltext import comment, scalar
from hub.mapping.shape import written
from hub.mapping.values import shown

TABLES: Mapping[str, str] = {"reason": "return_reason", "uom": "unit"}
"""Name of a field → its code table, where they differ."""

_CHANNELS = {"x12": "edi", "edifact": "edi", "csv": "file", "xlsx": "file"}
_ROWS = ("csv/", "xlsx/")
_CONSTANTS = {"return_type": "customer"}
_ONE_LINE = "one record is one line here; group_by of the resource makes several rows one return"
_SKIPPED = frozenset(("external_ids", "references", "parties", "ext", "evidence", "warranty", "origin"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for.

    Attributes:
        ref: `nordwind.return_request@1`.
        system: The partner; also the column of code tables and the origin of its returns.
        source_type: The `from:`.
        target_type: The `to:`.
        sample: Name of the sample, without its ending.
        zone: Where the partner's times are meant, when they say no offset.
        tables: Code tables that exist, without `.csv`.
        units: Codes of units that any system uses.
    """

    ref: str
    system: str
    source_type: str
    target_type: str
    sample: str
    zone: str
    tables: frozenset[str]
    units: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Draft:
    """A mapping file begun.

    Attributes:
        text: The YAML.
        todo: What a person must decide, in words.
        codes: Codes found in the sample by code table.
    """

    text: str = ""
    todo: list[str] = field(default_factory=list)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def begin(order: Order, trees: Sequence[object]) -> Draft:
    """Propose a mapping for the records of a sample.

    Raises:
        LookupError: The target has no schema to fill.
    """
    fields = fields_of(order.target_type)
    return _Writer(order, sources(trees), fields).draft()


class _Writer:
    """Writes one file."""

    def __init__(self, order: Order, found: Sources, fields: tuple[Field, ...]) -> None:
        self._order = order
        self._found = found
        self._fields = fields
        self._key = key_of(found)
        wanted = list(wants(fields))
        named = assign(found, wanted, order.zone)
        self._rows = order.source_type.startswith(_ROWS) and not found.lines
        self._guessed = by_values(found, wanted, named, self._key, order.units) if self._rows else {}
        self._given = {**named, **self._guessed}
        self._used: set[Found] = {self._key} if self._key else set()
        self._lookups: dict[str, str] = {}
        self._draft = Draft()

    def draft(self) -> Draft:
        body = _filled(list(self._group(self._fields, "", 1)), self._fields, 1)
        body += self._tail()
        head = list(self._head())
        self._draft.text = "\n".join([*head, "", "map:", *body]) + "\n"
        return self._draft

    def _head(self) -> Iterator[str]:
        order = self._order
        yield "# yaml-language-server: $schema=../mapping.schema.json"
        yield f"mapping: {order.ref}"
        yield f"title:   {scalar(f'{order.system}: {order.target_type} from {order.sample}')}"
        yield f"from:    {order.source_type}"
        yield f"to:      {order.target_type}"
        yield f"samples: [{order.sample}]"
        if self._key:
            yield f"key:     {scalar(self._key.path)}"
        else:
            yield self._todo("key: which field is the record's own number? (key: <field>)", "")
        rma = self._given.get("rma_number")
        if rma and not self._has("origin"):
            yield "match:"
            yield f"  - {{type: rma_number, value: {scalar(rma.path, flow=True)}}}"
        if self._lookups:
            yield "lookups:"
            yield from (f"  {name}: {file}" for name, file in self._lookups.items())

    def _has(self, name: str) -> bool:
        return any(one.name == name for one in self._fields)

    def _group(self, fields: Sequence[Field], path: str, depth: int) -> Iterator[str]:
        for one in fields:
            here = f"{path}.{one.name}" if path else one.name
            yield from self._field(one, here, depth)

    def _field(self, one: Field, path: str, depth: int) -> Iterator[str]:
        pad = "  " * depth
        special = {"origin": self._origin, "external_ids": self._external, "references": self._references,
                   "parties": self._parties}.get(one.name)  # fmt: skip
        if special and depth == 1:
            yield from special()
        elif one.name in _SKIPPED:
            return
        elif one.kind == "group":
            inner = list(self._group(one.fields, path, depth + 1))
            if inner:
                undecided = all(line.lstrip().startswith("#") for line in inner)
                yield f"{pad}{'# ' if undecided else ''}{one.name}:"
            yield from inner or ([self._todo(f"{path}: {one.doc}", pad)] if one.required else [])
        elif one.kind == "list":
            yield from self._lines(one, path, depth)
        else:
            yield from self._leaf(one, path, pad)

    def _lines(self, one: Field, path: str, depth: int) -> Iterator[str]:
        pad = "  " * depth
        if one.name != "lines":
            return
        each = written(self._found.lines) if self._found.lines else self._single()
        if each is None:
            yield self._todo("lines: which list of the source holds the lines? (each: <list> as line)", pad)
            return
        yield f"{pad}lines:"
        yield f"{pad}  each: {scalar(f'{each} as line')}"
        if not self._found.lines:
            yield f"{pad}  {comment(_ONE_LINE)}"
        yield f"{pad}  map:"
        yield from _filled(list(self._group(one.fields, path, depth + 2)), one.fields, depth + 2)

    def _single(self) -> str | None:
        """A path that gives one element, when a record is one line: the article's, or the number of a row."""
        item = next((self._given[one] for one in ("lines.item.sku", "lines.sku") if one in self._given), None)
        if item is None and self._rows:
            item = self._key
        return item.path if item else None

    def _leaf(self, one: Field, path: str, pad: str) -> Iterator[str]:
        if one.kind == "position":
            yield f"{pad}{one.name}: position"
            return
        source = self._given.get(path)
        if source is None and one.required and one.name.endswith("_id") and self._key:
            source = self._key
        right = self._right(one, source) if source else None
        if source and right:
            self._used.add(source)
            yield f"{pad}{one.name}: {scalar(right)}" + self._note(one, path, source)
            return
        yield from self._unplaced(one, path, pad)

    def _right(self, one: Field, source: Found) -> str | None:
        """Path and functions for a field."""
        parts = [source.path]
        if one.kind in ("coded", "unit"):
            name = TABLES.get(one.name, one.name)
            if name not in self._order.tables:
                return None
            lookup = "unit" if one.kind == "unit" else one.name
            self._lookups[lookup] = f"codes/{name}.csv[{self._order.system}]"
            found = dict.fromkeys(str(value) for value in source.values)
            self._draft.codes[name] = tuple(dict.fromkeys((*self._draft.codes.get(name, ()), *found)))
            parts.append(f"crosswalk({lookup})" if one.kind == "coded" else f"lookup({lookup})")
        elif one.values:
            parts.append("lower")
        elif reader := calls(one.kind, source.values, self._order.zone):
            parts.append(reader)
        if one.kind == "texts":
            parts.append("values")
        if not source.always and not one.required:
            parts.append("optional")
        return " | ".join(parts)

    def _note(self, one: Field, path: str, source: Found) -> str:
        example = shown(source.values[0], 30)
        if path in self._guessed:
            words = f"{path}: {source.path} was taken for its values ({example}): is it right?"
            return f"   {self._todo(words, '')}"
        if one.values and any(str(value).lower() not in one.values for value in source.values):
            words = f"{one.name}: {example} must become one of {', '.join(one.values)}"
            return f"   {self._todo(words, '')}"
        if one.kind in ("moment", "day") and looks.twofold(source.values):
            words = f"{path}: {example}: is it the day first, or the month (%d and %m)?"
            return f"   {self._todo(words, '')}"
        if one.kind in ("moment", "day", "number", "flag"):
            return f"   # {example}"
        return ""

    def _unplaced(self, one: Field, path: str, pad: str) -> Iterator[str]:
        constant = _CONSTANTS.get(one.name)
        if one.name == "channel":
            constant = _CHANNELS.get(self._order.source_type.partition("/")[0], "api")
        if constant:
            note = f"   # one of {', '.join(one.values)}" if one.values else ""
            yield f"{pad}{one.name}: = {constant}{note}"
        elif one.kind == "unit" and one.required and path not in self._given:
            words = f"{path}: the source names no unit: is it always each?"
            yield f"{pad}{one.name}: = EA   {self._todo(words, '')}"
        elif one.required or one.name == "sku":
            yield self._todo(f"{path}: {one.doc}{_choices(one)}", pad, f"{one.name}: <field>{_hint(one)}")

    def _origin(self) -> Iterator[str]:
        key = scalar(self._key.path, flow=True) if self._key else "<field>"
        text = f"origin: {{system: = {self._order.system}, id: {key}}}"
        yield f"  {text}" if self._key else self._todo("origin: the record's own number", "  ", text)

    def _external(self) -> Iterator[str]:
        if self._key and self._has("origin"):
            value = scalar(self._key.path, flow=True)
            yield "  external_ids:"
            yield f"    - {{system: = {self._order.system}, type: = return, value: {value}}}"

    def _references(self) -> Iterator[str]:
        given = [
            (one, self._given[f"references.{one}"])
            for one in REFERENCES
            if f"references.{one}" in self._given
        ]
        if given:
            yield "  references:"
        for kind, source in given:
            self._used.add(source)
            yield f"    - {{type: = {kind}, number: {scalar(_maybe(source), flow=True)}}}"

    def _parties(self) -> Iterator[str]:
        given = {one: self._given[f"parties.{one}"] for one in PARTY if f"parties.{one}" in self._given}
        if not given:
            return
        self._used.update(given.values())
        yield "  parties:"
        yield "    - role: = customer"
        if name := given.get("customer_name"):
            yield f"      name: {scalar(_maybe(name))}"
        if number := given.get("customer"):
            value = scalar(_maybe(number), flow=True)
            yield f"      ids: [{{scheme: = {self._order.system}, value: {value}}}]"
        contact = [
            f"{one}: {scalar(_maybe(given[one]), flow=True)}" for one in ("email", "phone") if one in given
        ]
        if contact:
            yield f"      contact: {{{', '.join(contact)}}}"

    def _tail(self) -> Iterator[str]:
        """The source fields that were not placed, with an example each."""
        if rma := self._given.get("rma_number"):
            self._used.add(rma)
        left = [one for one in self._found.fields if one not in self._used]
        if left:
            yield ""
            yield "# not used, with an example of each:"
            yield from (comment(f"  {one.path}   {shown(one.values[0], 40)}") for one in left)

    def _todo(self, words: str, pad: str, line: str = "") -> str:
        self._draft.todo.append(words)
        return f"{pad}{comment(f'TODO {words}')}" + (f"\n{pad}# {line}" if line else "")


def _filled(lines: list[str], fields: Sequence[Field], depth: int) -> list[str]:
    """The lines of a group; with a field to be replaced when there are comments only, which YAML refuses."""
    if any(not line.lstrip().startswith("#") for line in lines):
        return lines
    texts = [one for one in fields if one.kind == "text"]
    first = next((one for one in texts if one.required), texts[0])
    return [f"{'  ' * depth}{first.name}: = TODO", *lines]


def _maybe(source: Found) -> str:
    return source.path if source.always else f"{source.path} | optional"


def _choices(one: Field) -> str:
    return f" One of {', '.join(one.values)}." if one.values else ""


def _hint(one: Field) -> str:
    return {
        "moment": " | datetime",
        "number": " | decimal",
        "coded": f" | crosswalk({one.name})",
        "day": " | date",
    }.get(one.kind, "")
