"""What a run of the tests ran on, in one line: `make test` ends with it, and pytest begins with it."""

import platform
from importlib.metadata import version

LINE = f"run with Python {platform.python_version()} and torch {version('torch')} on {platform.platform()}"

if __name__ == "__main__":
    print(LINE)
