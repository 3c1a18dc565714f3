"""Command that starts Python in tests, with every warning that a user would see an error."""

import sys

_UNSEEN = ("DeprecationWarning", "PendingDeprecationWarning")
"""Warnings that Python shows only to a library's authors; pytest turns them into errors, too."""

STRICT_PYTHON = [sys.executable, "-W", "error", *(f"-Wignore::{kind}" for kind in _UNSEEN)]
