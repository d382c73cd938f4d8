#!/usr/bin/env python
"""Django's command line for the back office."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from backoffice.keys import CannotKeep

    try:
        settings._setup()  # type: ignore[attr-defined]  # Django's own look at the settings hides their trouble
    except (CannotKeep, ImproperlyConfigured) as trouble:
        # Said as it is: whoever starts this has a folder or a setting to mend, not a program.
        sys.exit(str(trouble))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
