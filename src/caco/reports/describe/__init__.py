"""Descriptions of a run for archives and search engines: RO-Crate and Croissant."""
