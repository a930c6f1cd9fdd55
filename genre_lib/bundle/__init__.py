"""The model bundle: its files, its card, its golden values; and where everything that ships lies."""
