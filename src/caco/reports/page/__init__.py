"""The report: one run on one page of HTML that loads nothing."""
