import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from hub.flows.draft import draft
from hub.flows.samples import run_sample
from tests.unit.flows.small import SCHEMA, SHOP, SHOP_MAPPING, edited, shop


def check(project: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(project))
    return CliRunner().invoke(app, ["check", *options])


def complete(project: Path) -> Path:
    """Give the sample its expected document, so that nothing is wrong with it."""
    (mapping,) = draft(project).mappings.values()
    run = run_sample(mapping, project / SHOP, "one")
    (project / "mappings/shop/samples/one.expected.json").write_text(json.dumps(run.actual))
    return project


def test_a_project_that_holds_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(complete(shop(tmp_path)), monkeypatch)
    assert (result.exit_code, result.output) == (0, "all flows, mappings and policies hold\n")


def test_findings_are_grouped_by_file_with_severity_code_and_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = complete(shop(tmp_path, {SCHEMA: None}))
    (project / SHOP).write_text(edited(SHOP_MAPPING, "number: order |", "number: ordr |"))
    (project / "mappings/shop/samples/one.expected.json").unlink()
    assert check(project, monkeypatch).output == (
        f"{SHOP}\n"
        f"  {SHOP}:13:31: warning ordr: no sample of json/shop.returns has 'ordr' unknown-source-field\n"
        "      hint did you mean 'order'?\n"
        f"  {SHOP}:1:1: error sample one: expected a file samples/one.expected.json, found none "
        "sample-fails\n"
        "\n"
        "1 error, 1 warning\n"
    )


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_a_warning_fails_only_a_strict_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int
) -> None:
    project = shop(tmp_path, {SCHEMA: None, SHOP: edited(SHOP_MAPPING, "number: order |", "number: ordr |")})
    result = check(complete(project), monkeypatch, "--json", *options)
    assert result.exit_code == code
    assert json.loads(result.output) == {
        "problems": [
            {
                "severity": "warning",
                "code": "unknown-source-field",
                "file": SHOP,
                "line": 13,
                "column": 31,
                "message": "ordr: no sample of json/shop.returns has 'ordr'",
                "hint": "did you mean 'order'?",
            }
        ],
        "todo": [],
    }


def test_an_error_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = complete(shop(tmp_path))
    (project / SHOP).write_text(edited(SHOP_MAPPING, "number: order |", "number: ordr |"))
    assert check(project, monkeypatch).exit_code == 1
