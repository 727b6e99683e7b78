"""``python -m seawall.sweep``: a module of its own, since the package has loaded ``seawall.sweep`` by then."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
