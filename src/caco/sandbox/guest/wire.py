"""The protocol of the channel between the host and a warm parent.

The host sends a `REQUEST` and a program text, one program at a time, so that no program can find
the text of another in its memory. The parent sends a `REPLY` and a body. Replies are trusted,
except for the record at the end of a `DONE` body, which the program has written.
"""

import struct

# A program: the seed of its random generators, bytes of text. Or the answer to `RUN_QUEUE_WAIT`:
# milliseconds, and no text.
REQUEST = struct.Struct("<II")

REPLY = struct.Struct("<cI")  # kind, bytes of the body
READY = b"R"  # the parent is ready for programs; no body
FAILED = b"F"  # the parent cannot load its modules; the body is the error
DONE = b"D"  # a program terminated; the body is `TERMINATION` and the record
# A program reached its wall limit: the parent asks how long it waited in the run queue; no body.
RUN_QUEUE_WAIT = b"L"

# The wait status as from wait(2), the limit for which the parent killed it, CPU and wall time in
# nanoseconds, peak memory in KiB.
TERMINATION = struct.Struct("<icQQQ")
NO_LIMIT, CPU_LIMIT, WALL_LIMIT = b"-", b"C", b"W"

# A record: the lengths in bytes of six texts (outcome, detail, input, output, stdout, changed),
# then the texts.
RECORD = struct.Struct("<6I")
CHANGED = "1"  # the last text: `input` may have changed after it was assigned; else it is empty
DETAIL = 500  # characters to which a detail is truncated; each takes up to four bytes in UTF-8


def record_bytes(output_bytes: int) -> int:
    """Returns the maximum size of a record in bytes.

    Args:
        output_bytes: The limit for each of `input`, `output` and the printed text.
    """
    return RECORD.size + 3 * output_bytes + 4 * DETAIL + 64
