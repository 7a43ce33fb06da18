"""Reports: records, the funnel and status, and packages for plans, quality, the page and the audit.

Decides no row, so no code digest covers it. Imported by preflight and scripts.
"""
