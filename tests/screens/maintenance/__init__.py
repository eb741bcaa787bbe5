"""The staff's screens, on sessions that only say what they are told to."""
