"""Command that starts Python in tests, with every warning that a user would see an error."""

import signal
import sys
from functools import partial

_UNSEEN = ("DeprecationWarning", "PendingDeprecationWarning")
"""Warnings that Python shows only to a library's authors; pytest turns them into errors, too."""

STRICT_PYTHON = [sys.executable, "-W", "error", *(f"-Wignore::{kind}" for kind in _UNSEEN)]

HEARS_CTRL_C = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
"""For ``preexec_fn``: a shell that runs the tests in the background has them ignore SIGINT."""
