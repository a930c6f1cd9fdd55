"""The dashboard: a song in, its curve to watch and hear, the model explained, folders in one go.

`dashboards/live_genre.ipynb` shows `genre_lib.dashboard.app.Dashboard`; `genre dashboard` serves it.
"""
