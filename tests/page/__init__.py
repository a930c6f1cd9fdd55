"""The built page in a real browser, served by real nginx with the shipped configuration."""
