"""Reports: records, the funnel, status, plan, the HTML page and the audit.

Decides no row, so no code digest covers it. Imported by preflight and scripts.
"""
