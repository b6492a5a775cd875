"""The `returns-hub` command: one place for people who build, run and repair return flows."""

from __future__ import annotations

import typer

from hub.cli import (
    alerts,
    authoring,
    beginning,
    checking,
    comparing,
    drift,
    edi,
    edi_books,
    letters,
    operate,
    partners,
    platform,
    xref,
)

app = typer.Typer(
    name="returns-hub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold passwords
    rich_markup_mode="rich",
    help="Returns Hub: product returns between ERP, warehouse, partners and portals.",
)

START, BUILD, TRY, OPERATE = "Start", "Build mappings and flows", "Try a partner", "Operate"

app.command(rich_help_panel=START)(platform.up)
app.command(rich_help_panel=START)(platform.demo)
app.command(rich_help_panel=BUILD)(checking.check)
app.add_typer(beginning.app, name="new", rich_help_panel=BUILD)
app.command("map", rich_help_panel=BUILD)(authoring.map_file)
app.command("test", rich_help_panel=BUILD)(authoring.run_tests)
app.command(rich_help_panel=BUILD)(comparing.diff)
app.command(rich_help_panel=BUILD)(authoring.functions)
app.command(rich_help_panel=TRY)(partners.read)
app.command(rich_help_panel=TRY)(partners.send)
app.command(rich_help_panel=TRY)(partners.find)
edi.app.add_typer(edi_books.books)
app.add_typer(edi.app, name="edi", rich_help_panel=TRY)
app.command(rich_help_panel=OPERATE)(operate.run)
app.command(rich_help_panel=OPERATE)(operate.status)
app.command(rich_help_panel=OPERATE)(operate.trace)
app.add_typer(letters.letters_app, name="deadletters", rich_help_panel=OPERATE)
app.add_typer(alerts.app, name="alerts", rich_help_panel=OPERATE)
app.add_typer(drift.app, name="drift", rich_help_panel=OPERATE)
app.add_typer(xref.app, name="xref", rich_help_panel=OPERATE)
app.command(rich_help_panel=OPERATE)(operate.resume)
app.command(rich_help_panel=OPERATE)(operate.rebuild)
app.command(rich_help_panel=OPERATE)(operate.migrate)
app.command(rich_help_panel=OPERATE)(operate.audit)


def main() -> None:
    """Run the command line."""
    app()
