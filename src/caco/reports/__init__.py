"""Reports: records read back, the funnel, lineage, status, plan and the HTML page.

Decides no row, so no code digest but that of `report` covers it. Imported by preflight and scripts.
"""
