"""Calibrate: rows known to be right or wrong, put before the dual verification."""
