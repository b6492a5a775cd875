"""Mappings compiled to Python functions: what the engine runs per document.

    compiled = compile_file(Path("mappings/acme_edi/return_notice.yaml"), Path("mappings"))
    mapped = compiled.apply(tree)

Paths, functions and code tables are resolved once. The generated function maps the document and notes
which fields it cannot fill (two matches, an unknown code, a missing value); the reference interpreter
evaluates those again, to report every error with its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from hub.mapping.document import read_document
from hub.mapping.errors import FieldError, FieldTrace, MappingFailed
from hub.mapping.explain import Explainer, Mistaken
from hub.mapping.faults import Faults
from hub.mapping.generate import generate, text_function
from hub.mapping.generate_runtime import NOT_PLAIN, InError
from hub.mapping.interpret import Interpreter
from hub.mapping.limits import EXPLAINED, TooMuch, measured
from hub.mapping.lookups import References
from hub.mapping.nodes import Expression
from hub.mapping.plan import Plan, plan
from hub.mapping.values import ABSENT


class Mapped(NamedTuple):
    """The result of a mapping.

    Attributes:
        value: The target document; without the fields that are in error, and empty when there are more than
            are listed.
        errors: Every error, in the order of the target; empty when the value can be used. Of more than
            `hub.mapping.faults.LISTED`, the last one says how many elements are in error beyond them.
    """

    value: dict[str, Any]
    errors: tuple[FieldError, ...]


class CompiledMapping:
    """One mapping file, ready to run; safe to share between threads.

    Attributes:
        plan: The bound syntax tree.
        digest: SHA-256 (hex) of the file and the code tables it uses.
        generated: The Python functions made from the plan.
    """

    def __init__(self, plan_: Plan, digest: str) -> None:
        self.plan = plan_
        self.digest = digest
        self.generated = generate(plan_)
        self._run = self.generated.functions["document"]
        self._texts = {
            expression: self.generated.functions[text_function(number)]
            for number, expression in enumerate(plan_.texts)
        }

    @property
    def name(self) -> str:
        """Name without version."""
        return self.plan.document.name

    @property
    def version(self) -> int:
        """Major version."""
        return self.plan.document.version

    @cached_property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def source_type(self) -> str:
        """The document type it reads."""
        return self.plan.document.source_type

    @property
    def target_type(self) -> str:
        """The document type it makes."""
        return self.plan.document.target_type

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of its sample files."""
        return self.plan.document.samples

    @property
    def has_key(self) -> bool:
        """Whether the file has a `key:`."""
        return self.plan.document.key is not None

    def key(self, scope: dict[str, Any]) -> str:
        """The source's own identity of a record.

        Raises:
            MappingFailed: The mapping has no key, or the record has none.
        """
        leaf = self.plan.document.key
        if leaf is None:
            raise MappingFailed([FieldError("key", "the mapping has no 'key:'", "", "", None, "")])
        value, errors = self._text(leaf.expression, scope, "key")
        if errors or value is ABSENT:
            raise MappingFailed(errors or [_no_key(leaf.expression.text)])
        return str(value)

    def match(self, scope: dict[str, Any]) -> list[tuple[str, str]]:
        """Which return a later fact belongs to: pairs of identity type and value, absent ones left out.

        Raises:
            MappingFailed: An expression found something it cannot use.
        """
        pairs = []
        for kind, leaf in self.plan.document.match:
            value, errors = self._text(leaf.expression, scope, f"match.{kind}")
            errors = [error for error in errors if error.message != "nothing present"]
            if errors:
                raise MappingFailed(errors)
            if value is not ABSENT:
                pairs.append((kind, str(value)))
        return pairs

    def apply(self, scope: dict[str, Any]) -> Mapped:
        """Map one document; never raises for what the document holds."""
        try:
            return Mapped(self._run(scope, measured(scope)), ())
        except InError as error:
            return self._explained(scope, error.faults, error.value)
        except TooMuch as error:
            if error.faults is None:
                return Mapped({}, (self._too_much(error, ""),))
            refused = self._too_much(error, "", "; the fields after it were not looked at")
            return self._explained(scope, error.faults, {}, refused)

    def _explained(
        self, scope: dict[str, Any], faults: Faults, value: dict[str, Any], *refused: FieldError
    ) -> Mapped:
        """What is wrong with the fields that generated code could not fill."""
        try:
            errors = Explainer(self.plan, scope).errors(faults, complete=not refused)
        except Mistaken:
            interpreter = Interpreter(self.plan, scope, work=EXPLAINED)
            return Mapped(interpreter.run(), interpreter.errors)
        return Mapped({} if faults.unlisted else value, (*errors, *refused))

    def explain(self, scope: dict[str, Any]) -> list[FieldTrace]:
        """How every field got its value, in the order of the target; `each` lines included."""
        interpreter = Interpreter(self.plan, scope)
        interpreter.run()
        return interpreter.traces

    def _text(
        self, expression: Expression, scope: dict[str, Any], path: str
    ) -> tuple[Any, Sequence[FieldError]]:
        """A `key` or `match` expression: text or ABSENT, and what is wrong."""
        try:
            value = self._texts[expression](scope)
        except NOT_PLAIN:
            interpreter = Interpreter(self.plan, scope, work=EXPLAINED)
            return interpreter.text(expression, path), interpreter.errors
        except TooMuch as error:
            return ABSENT, [self._too_much(error, path)]
        return ABSENT if value is None else value, ()

    def _too_much(self, error: TooMuch, path: str, more: str = "") -> FieldError:
        owner = self.generated.owner_of(error)
        return FieldError(path or owner.path, f"{error}{more}", owner.text, "", None, "")


def compile_file(
    path: FilePath, root: FilePath, name: str | None = None, references: References | None = None
) -> CompiledMapping:
    """Compile one mapping file.

    Args:
        path: The YAML file.
        root: The `mappings` folder: code tables (`codes/x.csv`) are looked up under it.
        name: How errors call the file (default: its path).
        references: Gives the entries of cross references; without it those of `xref/<name>.csv` serve.

    Raises:
        InvalidMapping: With every problem found, each with file, line and column.
    """
    document = read_document(path, name)
    made = plan(document, root, references)
    digest = hashlib.sha256(path.read_bytes())
    for file, table in made.digests:
        digest.update(f"\n{file}={table}".encode())
    return CompiledMapping(made, digest.hexdigest())


def _no_key(text: str) -> FieldError:
    return FieldError("key", "nothing present", text, "", None, "")
