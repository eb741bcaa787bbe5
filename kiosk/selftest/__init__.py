"""`kiosk selftest`: a registration and an unlock through the real store and mail server."""
