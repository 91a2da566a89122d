"""The style of every endpoint: what a room's ``api.py`` builds on. Nothing here knows a model."""
