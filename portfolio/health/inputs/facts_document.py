"""The facts of a node beside its KPIs, in the normal form of an input document."""

from portfolio.health.fields import Fields
from portfolio.health.indicators.ai_model import SEVERITIES, model_weight
from portfolio.health.indicators.opinion import STATUSES, rating_sum
from portfolio.health.indicators.risk import ai_act_class, severity
from portfolio.health.inputs.normal_form import Document, days, kpi_document, numbers, sorted_by_id


def delivery_document(delivery: Fields) -> Document:
    milestones = [
        {**days(milestone, "due_on", "done_on"), "cancelled": milestone.flag("cancelled")}
        for milestone in delivery.items("milestones")
    ]
    return {
        **numbers(delivery, "total_scope", "done_scope"),
        **_counts(delivery, "total_items", "done_items", "wip", "blocked"),
        **days(delivery, "observed_on"),
        "weekly_throughput": list(delivery.sequence("weekly_throughput")),
        "milestones": sorted(milestones, key=_milestone_order),
    }


def team_document(team: Fields) -> Document:
    """Members without their names, so that no person is in the record."""
    members = [numbers(member, "allocation", "total_allocation", "available") for member in team.items("members")]
    skills = [
        {**numbers(skill, "demand", "supply"), "holders": skill.integer("holders") or 0}
        for skill in team.items("skills")
    ]
    return {
        "members": sorted(members, key=lambda member: sorted(member.items())),
        "skills": sorted(skills, key=lambda skill: sorted((name, str(value)) for name, value in skill.items())),
        **numbers(team, "planned_fte", "filled_fte"),
        **days(team, "observed_on"),
    }


def _milestone_order(milestone: Document) -> tuple[str, str, bool]:
    return milestone.get("due_on", ""), milestone.get("done_on", ""), milestone["cancelled"]


def models_document(node: Fields, as_of: int | None) -> list[Document]:
    return sorted_by_id(node, "models", lambda model: _model(model, as_of))


def _model(model: Fields, as_of: int | None) -> Document:
    """Drift keeps its order, because the first of equals counts."""
    document: Document = {
        "id": model.text("id"),
        "weight": model_weight(model),
        "evals": sorted_by_id(model, "evals", lambda metric: kpi_document(metric, as_of)),
        "drift": [
            {"method": drift.text("method"), **numbers(drift, "value"), **days(drift, "observed_on")}
            for drift in model.items("drift")
        ],
        **days(model, "trained_on", "retires_on"),
        **_counts(model, "max_age_days"),
    }
    if model.flag("successor_deployed"):
        document["successor_deployed"] = True
    if model.values.get("incidents") is not None:
        incidents = [
            {"severity": incident.choice("severity", SEVERITIES), **days(incident, "opened_on", "closed_on")}
            for incident in model.items("incidents")
        ]
        document["incidents"] = _in_order(incidents)
    return document


def risk_document(risk: Fields) -> Document:
    document: Document = {
        **days(risk, "register_reviewed_on"),
        "risks": _in_order([_single_risk(each) for each in risk.items("risks")]),
        "reviews": _in_order([days(review, "due_on", "done_on") for review in risk.items("reviews")]),
    }
    name = ai_act_class(risk)
    if name is not None:
        document |= {"ai_act_class": name, **_counts(risk, "obligations_required", "obligations_met")}
    return document


def _single_risk(risk: Fields) -> Document:
    severity(risk)  # refuses what is not 1..5
    return {
        **_counts(risk, "probability", "impact"),
        "open": risk.flag("open", True),
        "mitigated": risk.flag("mitigated"),
    }


def statuses_document(node: Fields, as_of: int | None) -> list[Document]:
    """By author and day; with `as_of` only the one that counts then and those dated ahead."""
    kept: list[Document] = []
    for update in sorted(node.items("status_updates"), key=_status_order):
        on = update.required_day("on")
        is_replaced = as_of is not None and on <= as_of and bool(kept) and kept[-1]["author"] == update.text("author")
        if is_replaced:
            kept.pop()
        status = update.choice("status", STATUSES)
        kept.append(
            {"author": update.text("author"), "status": status, "id": update.text("id", ""), **days(update, "on")}
        )
    return kept


def _status_order(update: Fields) -> tuple[str, int, str]:
    return update.text("author"), update.required_day("on"), update.text("id", "")


def feedback_document(feedback: Fields) -> Document:
    count = feedback.integer("count") or 0
    if count:
        rating_sum(feedback, count)
    return {"count": count, **numbers(feedback, "sum"), **days(feedback, "observed_on")}


def _counts(fields: Fields, *keys: str) -> Document:
    return {key: count for key in keys if (count := fields.integer(key)) is not None}


def _in_order(documents: list[Document]) -> list[Document]:
    return sorted(documents, key=lambda document: sorted((key, str(value)) for key, value in document.items()))
