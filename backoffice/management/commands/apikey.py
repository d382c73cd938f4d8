"""`manage.py apikey`: makes a key for the API and prints it, once."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.api import keys


class Command(BaseCommand):
    help = "Makes a key for the API with the rights of a user and prints it: the only time that it is shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="made by command", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()._default_manager
        user = users.filter(**{get_user_model().USERNAME_FIELD: options["username"]}).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']}. Make one first, with the role that it needs.")
        if not user.is_active:
            raise CommandError(f"{options['username']} is switched off; a key of this user would open nothing.")
        try:
            _, text = keys.issue(user, options["name"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
