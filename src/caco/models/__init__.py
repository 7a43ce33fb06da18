"""Models from outside: packages, folders, the hub."""
