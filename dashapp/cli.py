"""`flask --app wsgi …`: accounts, demo data, import and export, and what is the matter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import click
from flask import Flask
from flask.cli import AppGroup
from tqdm import tqdm

from dashapp.domain.records import User
from dashapp.domain.vocabulary import ROLES
from dashapp.errors import AppError, InvalidSetting
from dashapp.live.diagnosis import diagnose
from dashapp.settings import Settings
from dashapp.source import demo, transfer
from dashapp.source.accounts import Accounts
from dashapp.source.documents import DocumentStore
from dashapp.source.load import CleanSource

T = TypeVar("T")


def settings_or_exit(make: Callable[[], T]) -> T:
    """The value, or the end with the one line that says which setting is wrong."""
    try:
        return make()
    except InvalidSetting as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        raise SystemExit(2) from None


class Progress:
    """Documents so far: a bar on a terminal, a line per collection in a log."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._collection, self._count = "", 0

    def __call__(self, collection: str, count: int) -> None:
        if collection != self._collection:
            self.close()
            self._collection, self._count = collection, 0
            if sys.stderr.isatty():
                self._bar = tqdm(desc=f"{collection:<11}", unit=" documents", unit_scale=True)
        self._count += count
        if self._bar is not None:
            self._bar.update(count)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        elif self._collection:
            click.echo(f"{self._collection}: {self._count:,} documents", err=True)
        self._collection = ""


class PlainCommand(click.Command):
    """A command that ends with one line when something is wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AppError as error:
            raise click.ClickException(error.message) from None


class PlainCommands(AppGroup):
    command_class = PlainCommand


def register(app: Flask, settings: Settings, documents: DocumentStore) -> None:
    app.cli.add_command(users_commands(documents))
    app.cli.add_command(demo_commands(settings, documents))
    add_transfer_commands(app, settings, documents)

    @app.cli.command("doctor")
    def doctor() -> None:
        """Say whether the database answers, what it lacks, and what is wrong with the data."""
        raise SystemExit(0 if report(settings, documents) else 1)


def report(settings: Settings, documents: DocumentStore) -> bool:
    where = "embedded database" if settings.embedded else "MongoDB"
    try:
        documents.ping()
        problems = documents.ensure_indexes()
        found = diagnose(CleanSource(documents), settings.timezone, settings.history_days)
    except AppError as error:
        click.echo(f"Database    {where}: {error.message}")
        return False
    click.echo(f"Database    {where}, reached; changes are found by {found.mode}")
    click.echo(f"Indexes     {'; '.join(problems) or 'as they should be'}")
    for collection, count in found.counts.items():
        click.echo(f"{collection:<11} {count:,}")
    for line in found.findings:
        click.echo(f"Data        {line}")
    if not found.findings:
        click.echo("Data        nothing left out, nothing corrected")
    return True


# --- Accounts


NEW_PASSWORD = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given."
)


def users_commands(documents: DocumentStore) -> AppGroup:
    group = PlainCommands("users", help="Who may sign in.")
    accounts = Accounts(documents)

    @group.command("create")
    @click.argument("email")
    @click.option("--name", default="", help="Full name.")
    @click.option("--role", type=click.Choice(ROLES), default="manager", show_default=True)
    @click.option("--region", default=None, help="The region the person belongs to.")
    @NEW_PASSWORD
    def create(email: str, name: str, role: str, region: str | None, password: str) -> None:
        """Create an account."""
        user_id = accounts.create(email, name, role, password, region)
        click.echo(f"Created {email.strip().lower()} ({role}), id {user_id}")

    @group.command("list")
    def list_all() -> None:
        """List the accounts."""
        for user in accounts.list_all():
            click.echo(account_line(user))

    @group.command("set-password")
    @click.argument("email")
    @NEW_PASSWORD
    def set_password(email: str, password: str) -> None:
        """Give an account a new password."""
        accounts.set_password(email, password)
        click.echo("The password was changed.")

    @group.command("deactivate")
    @click.argument("email")
    def deactivate(email: str) -> None:
        """Keep somebody from signing in."""
        accounts.deactivate(email)
        click.echo("The account is no longer active.")

    return group


def account_line(user: User) -> str:
    state = "" if user.active else "  (not active)"
    return f"{user.role or '-':<8} {user.email or '-':<36} {user.name}  {user.region or ''}{state}"


# --- Demo data


def demo_commands(settings: Settings, documents: DocumentStore) -> AppGroup:
    group = PlainCommands("demo", help="Demo data.")

    @group.command("seed")
    @click.option("--number", default=demo.SEED, show_default=True, help="The same number, the same data.")
    def seed(number: int) -> None:
        """Fill an empty database with a year and a half of demo data."""
        if not demo.is_empty(documents):
            raise click.ClickException("The database is not empty; demo data go into an empty one only.")
        progress = Progress()
        counts = demo.seed(documents, settings.timezone, progress, number)
        progress.close()
        click.echo(f"Wrote {sum(counts.values()):,} documents.")

    @group.command("simulate")
    def simulate() -> None:
        """Keep adding events to the demo data until stopped."""
        if not demo.holds_demo(documents):
            raise click.ClickException("There is no demo data. Run `flask --app wsgi demo seed` first.")
        click.echo("Writing demo events; Ctrl-C stops.")
        try:
            demo.simulate(documents, settings.timezone, Event())
        except KeyboardInterrupt:
            click.echo("Stopped.")

    @group.command("clear")
    def clear() -> None:
        """Remove all demo data; other data stay."""
        click.echo(f"Removed {demo.clear(documents):,} documents.")

    return group


# --- Import and export


def add_transfer_commands(app: Flask, settings: Settings, documents: DocumentStore) -> None:
    group = PlainCommands("transfer")

    @group.command("import")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option(
        "--shift-dates", is_flag=True, help="Move all times by whole weeks so that the data end now."
    )
    def import_(folder: Path, shift_dates: bool) -> None:
        """Read <collection>.ndjson[.gz] files (Extended JSON, as mongoexport writes them)."""
        run_import(settings, documents, folder, shift_dates)

    @group.command("export")
    @click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
    def export(folder: Path) -> None:
        """Write every document to <collection>.ndjson.gz, types included."""
        progress = Progress()
        outcome = transfer.export_folder(documents, folder, progress)
        progress.close()
        click.echo(f"Wrote {sum(outcome.written.values()):,} documents to {folder}.")

    for command in group.commands.values():
        app.cli.add_command(command)


def run_import(settings: Settings, documents: DocumentStore, folder: Path, shift_dates: bool) -> None:
    transfer.files_of(folder)
    if settings.embedded and demo.holds_demo(documents):
        click.echo(f"Removed {demo.clear(documents):,} documents of demo data: the database now holds yours.")
    progress = Progress()
    outcome = transfer.import_folder(documents, folder, shift_dates=shift_dates, progress=progress)
    progress.close()
    for problem in outcome.problems:
        click.echo(problem, err=True)
    unread = f"; {len(outcome.problems):,} lines could not be read" if outcome.problems else ""
    click.echo(f"Wrote {sum(outcome.written.values()):,} documents{unread}.")
    if not any(user.role in {"admin", "manager"} and user.active for user in Accounts(documents).list_all()):
        click.echo("Nobody can sign in yet: flask --app wsgi users create you@example.org --role admin")
    if outcome.problems:
        raise SystemExit(1)
