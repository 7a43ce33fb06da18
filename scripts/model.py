"""Fetches a model of the config as an ordinary checkpoint, with a manifest of its files."""

from pydantic import RootModel

from caco.config.models import Model
from caco.models.fetch import fetch_model
from caco.models.template import require_chat_template
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="model")
    job.takes("--name", help="name of the model in the config", required=True)
    job.writes("--manifest", help="manifest; a converted checkpoint is written to the same folder")
    job.reads(
        "--files",
        help="files that the section names, recorded as inputs",
        many=True,
        required=False,
    )
    job.takes("--chat-key", help="config key that requires a chat template, if any", nargs="?")
    args = job.parse()
    fetched = fetch_model(job.section(RootModel[Model]).root, args.name, args.manifest)
    if args.chat_key:
        require_chat_template(fetched.folder, args.chat_key)
    job.done()


if __name__ == "__main__":
    run(main)
