"""The commands of `scripts/audit.py`: what a run did, proved again, and compared with another."""
