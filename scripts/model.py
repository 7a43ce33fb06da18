"""Makes a model of the config available as an ordinary checkpoint, with a manifest of its files."""

from caco.config.models import read_model
from caco.job import Job, run
from caco.models.fetch import fetch_model


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="model")
    job.takes("--name", "the model's name in the config", required=True)
    job.writes("--manifest", "the manifest; a converted checkpoint lies beside it")
    job.reads("--files", "files that the section names, for the record", many=True, required=False)
    args = job.parse()
    fetch_model(read_model(args.spec, args.name), args.name, args.manifest)
    job.done()


if __name__ == "__main__":
    run(main)
