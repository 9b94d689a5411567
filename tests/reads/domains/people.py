"""People in the oracle: teams, skills, and who works on what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.reads import oracle_people as reckoned
from tests.reads.domain import SUBJECTS, Domain, Entity, Row, everyone, everything, home_of, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View
    from tests.reads.world import TenantBuilder


def _sees_person(view: View, row: Row) -> bool:
    return view.sees("Person", view.find("Person", row["person_id"]))


def _is_known(view: View, row: Row) -> bool:
    """Whether a person owns something in sight, or works on it."""
    return reckoned.is_assigned_in_sight(view, "person_id", row["id"]) or any(
        owned["owner_id"] == row["id"] and view.sees(name, owned)
        for name in ("Portfolio", "Product", "Initiative")
        for owned in view.all(name)
    )


def _absence_kind(view: View, row: Row) -> str | None:
    is_told = "ADMIN" in view.viewer.scopes or view.viewer.person_id == row["person_id"]
    return row["kind"] if is_told else None


def _fill(tenant: TenantBuilder) -> None:
    """Part-time work, absences that overlap, and holidays, one of them on a Saturday."""
    chance, people = tenant.chance, tenant.mine["person"]
    for person in people[:6]:
        for number, from_on in enumerate((date(2026, 1, 1), date(2026, 11, 3 + chance.randrange(9)))):
            share = ("0.5", "0.8", "0", "1")[(number + chance.randrange(3)) % 4]
            said = {"person_id": person["id"], "from_on": from_on, "share": share}
            tenant.add("working_time", id=tenant.new_id(), **said, **tenant.stamps())
    for number in range(16):
        first = date(2026, 10, 1) + timedelta(days=chance.randrange(50))
        said = {"person_id": chance.choice(people)["id"], "from_on": first, "to_on": first + timedelta(days=number)}
        kind, share = ("VACATION", "SICK", "HOLIDAY", "OTHER")[number % 4], ("1", "0.5", "1")[number % 3]
        tenant.add("absence", id=tenant.new_id(), **said, share_away=share, kind=kind, **tenant.stamps())
    for held_on in (date(2026, 11, 2), date(2026, 11, 14), date(2026, 12, 25)):
        id = tenant.new_id()
        stamps = {**tenant.stamps(), "archived_at": tenant.instant() if held_on == date(2026, 12, 25) else None}
        tenant.add("company_holiday", id=id, held_on=held_on, name=tenant.name(id), **stamps)


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
        "WorkingTime": Entity("working_time", "wkt", _sees_person, is_linked=True),
        "Absence": Entity("absence", "abs", _sees_person, is_linked=True),
        "CompanyHoliday": Entity("company_holiday", "hol", everyone, is_linked=True),
    },
    lists={
        "Query.persons": everything("Person"),
        "Query.teams": everything("Team"),
        "Query.memberships": everything("Membership"),
        "Query.skills": everything("Skill"),
        "Query.personSkills": everything("PersonSkill"),
        "Query.skillDemands": everything("SkillDemand"),
        "Query.assignments": everything("Assignment"),
        "Query.workingTimes": everything("WorkingTime"),
        "Query.absences": everything("Absence"),
        "Query.companyHolidays": everything("CompanyHoliday", "HELD_ON"),
        "Person.workingTimes": pointing("WorkingTime", "person_id"),
        "Person.absences": pointing("Absence", "person_id", "FROM_ON"),
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
        "WorkingTime.person": ("Person", "person_id"),
        "Absence.person": ("Person", "person_id"),
    },
    scalars={"Absence.kind": _absence_kind},
    subjects=frozenset({"SkillDemand.subject", "Assignment.subject"}),
    value_lists={
        "Assignment.versions": ("AssignmentVersion", reckoned.versions),
        **{f"{name}.skillGaps": ("SkillGap", reckoned.skill_gaps) for name in ("Portfolio", "Product", "Initiative")},
    },
    filtered_ids={"teamId": "tea", "personId": "per", "skillId": "skl"},
    fill=_fill,
)
