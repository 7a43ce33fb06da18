"""Downloads the files of a source from the Hugging Face hub, and writes a manifest of them.

The spec is the section `seeds.hub` of the source.
"""

from caco.config.sources import HubFiles
from caco.models.data_set import fetch_data_set
from caco.runtime.job import Job, run


def main() -> None:
    """Runs the job."""
    job = Job(__doc__, rule="data_set")
    job.takes("--source", help="name of the source in the config", required=True)
    job.writes("--manifest", help="manifest; the files are written to a folder next to it")
    args = job.parse()
    fetch_data_set(job.section(HubFiles), args.source, args.manifest)
    job.done()


if __name__ == "__main__":
    run(main)
