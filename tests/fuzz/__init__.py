"""Damaged recordings and bundles, the same ones for the same seed."""
