"""Figures and tables, in one style; a genre has the same colour in all of them."""
