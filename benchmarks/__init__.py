"""What the app costs, each figure beside the simplest thing that could be done instead. See README.md."""
