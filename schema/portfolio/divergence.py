"""Divergence: where the reported status and the measured band disagree."""

from datetime import date

from compiler.declare import column, table
from compiler.mapping import Condition
from portfolio.enumerations import DivergenceKind

DIVERGING = Condition(
    "{self}.id in (select r.subject_id from subject_report r where r.tenant_id = {tenant} and r.divergence is not null)"
)


@table(
    "subject_report",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))",
)
class Divergence:
    """A difference between the reported status and the measured band."""

    kind: DivergenceKind = column("How they differ.", "divergence")
    since: date = column("Day since when they have differed so: the later of report and band.", "diverged_on")
