"""``python -m mfmgame`` is the ``mfmgame`` command."""

from __future__ import annotations

import sys

from mfmgame.machine.signals import default_signals, interrupt_on_termination, interruption_code


def main() -> None:
    """Run the command line; an interruption while it loads is one line, too."""
    try:
        interrupt_on_termination()
        from mfmgame.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(interruption_code())
    finally:
        default_signals()


if __name__ == "__main__":
    main()
