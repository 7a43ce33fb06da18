"""GSM8K's calculator marks: `48/2 = <<48/2=24>>24`."""

import re

MARK = re.compile(r"<<([^<>]*?)=([^<>=]*)>>")


def without_marks(solution: str) -> str:
    """Returns a worked solution as prose, for a reader who has no calculator to call."""
    return re.sub(r"<<[^<>]*>>", "", solution)
