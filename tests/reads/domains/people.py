"""People in the oracle: teams, skills, and who works on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.reads import oracle_people as reckoned
from tests.reads.domain import SUBJECTS, Domain, Entity, Row, everyone, everything, home_of, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View


def _sees_person(view: View, row: Row) -> bool:
    return view.sees("Person", view.find("Person", row["person_id"]))


def _is_known(view: View, row: Row) -> bool:
    """Whether a person owns something in sight, or works on it."""
    return reckoned.is_assigned_in_sight(view, "person_id", row["id"]) or any(
        owned["owner_id"] == row["id"] and view.sees(name, owned)
        for name in ("Portfolio", "Product", "Initiative")
        for owned in view.all(name)
    )


DOMAIN = Domain(
    entities={
        "Person": Entity("person", "per", _is_known, is_linked=True, is_searched=True),
        "Team": Entity(
            "team",
            "tea",
            lambda view, row: reckoned.is_assigned_in_sight(view, "team_id", row["id"]),
            is_linked=True,
            is_searched=True,
        ),
        "Membership": Entity(
            "membership",
            "mbr",
            lambda view, row: view.sees("Team", view.find("Team", row["team_id"])) and _sees_person(view, row),
            is_linked=True,
        ),
        "Skill": Entity("skill", "skl", everyone, is_linked=True, is_searched=True),
        "PersonSkill": Entity("person_skill", "psk", _sees_person),
        "SkillDemand": Entity("skill_demand", "skd", home_of("subject_id")),
        "Assignment": Entity("assignment", "asg", home_of("subject_id"), is_linked=True),
    },
    lists={
        "Query.persons": everything("Person"),
        "Query.teams": everything("Team"),
        "Query.memberships": everything("Membership"),
        "Query.skills": everything("Skill"),
        "Query.personSkills": everything("PersonSkill"),
        "Query.skillDemands": everything("SkillDemand"),
        "Query.assignments": everything("Assignment"),
        "Team.children": pointing("Team", "parent_id"),
        "Team.memberships": pointing("Membership", "team_id"),
        "Team.assignments": pointing("Assignment", "team_id"),
        "Person.ledTeams": pointing("Team", "lead_id"),
        "Person.memberships": pointing("Membership", "person_id"),
        "Person.skills": pointing("PersonSkill", "person_id"),
        "Person.assignments": pointing("Assignment", "person_id"),
        "Skill.people": pointing("PersonSkill", "skill_id"),
        "Skill.demands": pointing("SkillDemand", "skill_id"),
        **{f"{name}.assignments": pointing("Assignment", "subject_id") for name in SUBJECTS},
        **{f"{name}.skillDemands": pointing("SkillDemand", "subject_id") for name in SUBJECTS},
    },
    ones={
        "Team.parent": ("Team", "parent_id"),
        "Team.lead": ("Person", "lead_id"),
        "Membership.team": ("Team", "team_id"),
        "Membership.person": ("Person", "person_id"),
        "PersonSkill.person": ("Person", "person_id"),
        "PersonSkill.skill": ("Skill", "skill_id"),
        "SkillDemand.skill": ("Skill", "skill_id"),
        "SkillGap.skill": ("Skill", "skill_id"),
        "Assignment.person": ("Person", "person_id"),
        "Assignment.team": ("Team", "team_id"),
    },
    subjects=frozenset({"SkillDemand.subject", "Assignment.subject"}),
    value_lists={
        "Assignment.versions": ("AssignmentVersion", reckoned.versions),
        **{f"{name}.skillGaps": ("SkillGap", reckoned.skill_gaps) for name in ("Portfolio", "Product", "Initiative")},
    },
    filtered_ids={"teamId": "tea", "personId": "per", "skillId": "skl"},
)
