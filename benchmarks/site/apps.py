"""The app of the measured site."""

from django.apps import AppConfig


class BenchmarkSite(AppConfig):
    name = "benchmarks.site"
    label = "benchsite"
