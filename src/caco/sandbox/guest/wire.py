"""What goes over the channel between the host and a warm parent.

To the parent: `REQUEST` and a text, one program at a time, so that none finds another's text in its
memory. From the parent: `REPLY` and a body. What the parent says is trusted; the record at the end
of a `DONE` body was left by the program and is not.
"""

import struct

# A program: the seed of its generators of random numbers, bytes of text. Or the answer to `LATE`:
# milliseconds, and no text.
REQUEST = struct.Struct("<II")

REPLY = struct.Struct("<cI")  # kind, bytes of body
READY = b"R"  # the parent is warm; no body
FAILED = b"F"  # it cannot be: the body says why
DONE = b"D"  # a program ended; the body is `FACTS` and its record
LATE = b"L"  # it has had its wall time: how long did it wait for a processor? No body

# Status as from wait(2), the limit that the parent ended it for, CPU and wall nanoseconds, peak
# memory in KiB.
FACTS = struct.Struct("<icQQQ")
NO_LIMIT, CPU_LIMIT, WALL_LIMIT = b"-", b"C", b"W"

# A record: bytes of each of five texts (outcome, detail, input, output, stdout), then the texts.
RECORD = struct.Struct("<5I")
DETAIL = 500  # characters of a detail that are kept; UTF-8 may take four bytes for each


def record_bytes(output_bytes: int) -> int:
    """Returns the most bytes that a record takes.

    Args:
        output_bytes: The limit on each of `input`, `output` and the printed text.
    """
    return RECORD.size + 3 * output_bytes + 4 * DETAIL + 64
