"""A plan as text, beside what the paper's run took."""

from caco.reports.plan.estimate import Plan, StageCost

# Hours on one machine of 8 A100s that the paper reports (arXiv 2510.04081): unify 2, sampling and
# filtering 8, questions 5, solutions 40. It reports none for training.
PAPER_GPU_H = {"unify": 16.0, "sample": 64.0, "question": 40.0, "solution": 320.0}

_HEAD = (
    "stage",
    "jobs",
    "rows in",
    "rows out",
    "tokens",
    "GPU-h",
    "core-h",
    "wall h",
    "GB",
    "paper GPU-h",
)


def plan_text(plan: Plan) -> str:
    """Returns the table of a plan with its totals, and the size of shards that it advises."""
    rows = [_HEAD, *(_row(stage) for stage in plan.stages), _total(plan.stages)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    advice = (
        f"Shards of {plan.programs_per_shard:,} programs ({plan.shards:,} of them) keep the "
        "longest job of a shard at the hours wanted (`shard_h`)."
    )
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], "", advice])


def _row(stage: StageCost) -> tuple[str, ...]:
    paper = PAPER_GPU_H.get(stage.name)
    return (
        stage.name,
        f"{stage.jobs:,}",
        f"{stage.rows_in:,}",
        f"{stage.rows_out:,}",
        _short(stage.tokens),
        _hours(stage.gpu_h),
        _hours(stage.core_h),
        _hours(stage.wall_h),
        f"{stage.disk_gb:,.1f}" if stage.disk_gb >= 0.05 else "-",
        _hours(paper or 0.0),
    )


def _total(stages: tuple[StageCost, ...]) -> tuple[str, ...]:
    return (
        "total",
        f"{sum(s.jobs for s in stages):,}",
        "",
        "",
        _short(sum(s.tokens for s in stages)),
        _hours(sum(s.gpu_h for s in stages)),
        _hours(sum(s.core_h for s in stages)),
        _hours(sum(s.wall_h for s in stages)),
        f"{sum(s.disk_gb for s in stages):,.1f}",
        _hours(sum(PAPER_GPU_H.values())),
    )


def _hours(hours: float) -> str:
    return "-" if hours == 0 else f"{hours:,.1f}"


def _short(tokens: int) -> str:
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:,.1f}{unit}"
    return str(tokens) if tokens else "-"
