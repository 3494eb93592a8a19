"""A database backend: Django's SQLite, whose writers take turns. `ENGINE = "config.sqlite"` names it."""
