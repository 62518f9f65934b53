"""Lets the tests of whole conversations find their scripted people."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
