"""What holders see: the terminal app that draws the kiosk's steps and scenes. Textual lives here only."""
