"""The tape of a session: all that came from outside, with its moments, so that the session can be run again exactly."""
