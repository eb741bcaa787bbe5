"""Card applications: one module, or a few with its name in front, per family."""
