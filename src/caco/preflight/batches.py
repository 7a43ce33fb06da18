"""Whether the ranks of each training can share its batch evenly, before anybody waits for GPUs."""

from collections.abc import Iterable

from caco.config.workflow import Config
from caco.errors import UserError
from caco.preflight.asks import Ask
from caco.training.launch import accumulation


def uneven_batches(asks: Iterable[Ask], config: Config) -> list[UserError]:
    """Returns one error for each training whose global batch does not go into its ranks.

    There is a rank on each GPU; how many there are without one, only the job's node tells.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    trained = {"codegen": config.codegen, "student": config.student}
    if config.writer.fine_tune:
        trained["writer"] = config.writer
    found = []
    for ask in asks:
        if ask.rule in trained and ask.gpus:
            try:
                accumulation(trained[ask.rule].training, ask.gpus * ask.nodes, ask.rule)
            except UserError as error:
                found.append(error)
    return found
