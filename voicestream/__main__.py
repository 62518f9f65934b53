"""`python -m voicestream`."""

from voicestream.cli import main

raise SystemExit(main())
