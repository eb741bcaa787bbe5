"""What a site installs beside the kiosk: units of systemd, and what they run."""
