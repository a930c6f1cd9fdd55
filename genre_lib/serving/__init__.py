"""Serving the built page on this machine, and the demo that tries page and dashboard."""
