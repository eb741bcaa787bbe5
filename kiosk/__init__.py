"""The service: no widget, no reader. `journeys` reads like the leaflet; `wiring` puts it together."""
