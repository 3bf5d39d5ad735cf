"""The product's settings for the tests, with a state folder of their own; what the environment already says is kept."""

import os
import tempfile

os.environ.setdefault("MESHUI_DEBUG", "1")
os.environ.setdefault("MESHUI_STATE", tempfile.mkdtemp(prefix="meshui-tests-"))

from meshui.settings import *  # noqa: E402, F403
