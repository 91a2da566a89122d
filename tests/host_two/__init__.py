"""A site with two databases."""
