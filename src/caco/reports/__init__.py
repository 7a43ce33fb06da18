"""Reports: records, the funnel, lineage, status, plan and the HTML page.

Decides no row, so no code digest covers it. Imported by preflight and scripts.
"""
