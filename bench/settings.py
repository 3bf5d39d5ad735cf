"""MeshUI's settings, and the trivial view that its own views are measured against."""

from meshui.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
