"""`autograd-tutor` is `tutor` under a name that no other project takes, and finds the series beside itself."""

import sys
from pathlib import Path


def main() -> None:
    """Run the command line of the series, also where another project's package `tutor` would be imported first."""
    sys.path.insert(0, str(Path(__file__).parent))
    from tutor.cli import main as command

    command(prog_name="autograd-tutor")


if __name__ == "__main__":
    main()
