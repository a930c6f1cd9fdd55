"""A song as one HTML page to keep, and as a player in notebooks and dashboard."""
