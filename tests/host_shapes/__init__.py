"""A site of odd shapes."""
