"""The thoughts that a reasoning model writes before its reply: `<think>...</think>`."""

import re

# The tags of Qwen3, DeepSeek-R1 and Granite; of models that imitate them; and of Magistral.
_TAG = re.compile(
    r"<(?P<closes>/)?(?:think(?:ing)?|thoughts?|reasoning)\s*>|\[(?P<ends>/)?THINK\]",
    re.IGNORECASE,
)


def without_thoughts(text: str) -> str:
    """Returns the reply of a model without its thoughts and without surrounding whitespace.

    A block without a closing tag extends to the end of the text. A closing tag without an opening
    one ends thoughts that the template began in the prompt, so what precedes it is left out. The
    first closing tag ends a block: thoughts mention an opening tag more often than they nest.

    Args:
        text: The completion.
    """
    kept: list[str] = []
    begin: int | None = 0  # of the part outside thoughts; None within them
    for tag in _TAG.finditer(text):
        if tag["closes"] or tag["ends"]:
            if begin is not None:
                kept.clear()
            begin = tag.end()
        elif begin is not None:
            kept.append(text[begin : tag.start()])
            begin = None
    if begin is not None:
        kept.append(text[begin:])
    return "".join(kept).strip()
