"""Synthetic music by numpy: instruments, drums and ten styles."""
