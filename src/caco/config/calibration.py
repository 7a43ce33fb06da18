"""Calibration: how far the dual verification can be trusted."""

from pydantic import Field

from caco.config.section import Section


class Calibration(Section):
    """Rows known to be right, and rows known to be wrong made from them, put before the checks."""

    rows: int = Field(
        gt=0,
        description=(
            "Known-right rows, drawn from the Code CoTs whose seeds have a worked solution; about "
            "twelve wrong ones are made from each."
        ),
    )
    seed: int = Field(0, ge=0, description="Seed of the draw and of every planted fault.")
