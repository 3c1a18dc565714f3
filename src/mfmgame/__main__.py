"""``python -m mfmgame`` is the ``mfmgame`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; an interruption while it loads is one line, too."""
    try:
        from mfmgame.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
