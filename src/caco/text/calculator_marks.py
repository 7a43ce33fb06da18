"""The calculator annotations of GSM8K: `48/2 = <<48/2=24>>24`."""

import re

MARK = re.compile(r"<<([^<>]*?)=([^<>=]*)>>")


def without_marks(solution: str) -> str:
    """Returns a worked solution without calculator annotations."""
    return re.sub(r"<<[^<>]*>>", "", solution)
