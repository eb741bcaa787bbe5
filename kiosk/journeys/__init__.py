"""What a holder can do, each journey a coroutine that reads from top to bottom."""
