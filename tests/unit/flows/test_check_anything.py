"""Whatever somebody types into a file, `check` answers with places, never with a traceback."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.flows.check import check
from tests.unit.flows.small import FLOW, SCHEMA, SHOP, shop

FILES = (SHOP, SCHEMA, FLOW, "mappings/shop/system.yaml", "mappings/codes/return_reason.csv")
PLACES = st.tuples(st.sampled_from((*FILES, "policies/disposition.csv")), st.floats(0, 1), st.integers(0, 6))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PLACES, st.text("|,.:[]{}='\"# a0-é\t>*&@\n", max_size=3)), min_size=1, max_size=4))
def test_check_answers_whatever_is_typed(edits: list[tuple[tuple[str, float, int], str]]) -> None:
    with TemporaryDirectory() as folder:
        project = shop(Path(folder))
        for (file, where, removed), typed in edits:
            text = (project / file).read_text("utf-8")
            at = round(where * len(text))
            (project / file).write_text(text[:at] + typed + text[at + removed :], "utf-8")
        for problem in check(project):
            assert problem.line > 0
            assert problem.column > 0
            assert (project / problem.file).parent.is_dir()
