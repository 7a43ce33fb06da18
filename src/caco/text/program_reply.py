"""Programs in the replies of a model."""

import re

# An unclosed fence contains the rest of the reply.
_FENCE = re.compile(r"```[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)


def program_in(reply: str) -> str:
    """Returns the program in a reply: the content of its last Python fence.

    Without a Python fence, it is the last fence without a language; without any fence, the complete
    reply. Empty where a reply has only fences of other languages.
    """
    fences = [(language.lower(), text) for language, text in _FENCE.findall(reply)]
    for languages in (("python", "py", "python3"), ("",)):
        texts = [text for language, text in fences if language in languages]
        if texts:
            return texts[-1].strip() + "\n" if texts[-1].strip() else ""
    return "" if fences or not reply.strip() else reply.strip() + "\n"
