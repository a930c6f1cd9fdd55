"""Small tools that anything may use: files written whole, settings from mappings, progress, quiet libraries."""
