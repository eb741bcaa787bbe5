"""What only `kiosk demo`, the self-test on its own parts and the tests use. `kiosk run` never imports it."""
