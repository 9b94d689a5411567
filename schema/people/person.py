"""People: who answers for things."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import listing
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Searchable
from schema.people.capacity import capacity
from schema.people.work import person_in_sight
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    external=True,
    tenant_wide=True,
    create="Add a person to the organization.",
    update="Change a person.",
    upsert="Make or change a person by the name that another system gives it.",
    archive="Take a person out of lists; the person's keys are refused from then on. Safe to repeat.",
    restore="Bring back an archived person, with those keys that are still valid. Safe to repeat.",
    upsert_says="A person by the name in another system: made if there is none, else changed. An absent member stays as it is, null clears; a new person needs key and name.",
)
@table("person", kind="PERSON", wall=person_in_sight("{self}.id"))
class Person(Searchable):
    """A person of the organization. Viewers who see only some portfolios see who answers for, or works on, something there."""

    id: strawberry.ID = identifier("PERSON")
    key: str = written(
        column("Name that people use, unique in the organization.", filter="STRING", order=True),
        check.ACCOUNT_KEY,
        check.account_key,
        private=True,
    )
    email: str | None = written(
        column("E-mail address; null when not known."), "E-mail address; null: not known.", check.email, private=True
    )
    portfolios = many("Portfolio", "Portfolios that the person answers for.", "{other}.owner_id = {self}.id")
    products = many("Product", "Products that the person answers for.", "{other}.owner_id = {self}.id")
    initiatives = many("Initiative", "Initiatives that the person answers for.", "{other}.owner_id = {self}.id")
    led_teams = many("Team", "Teams that the person leads.", "{other}.lead_id = {self}.id")
    memberships = many("Membership", "Teams in which the person is and was.", "{other}.person_id = {self}.id")
    skills = many("PersonSkill", "What the person can do.", "{other}.person_id = {self}.id")
    assignments = many(
        "Assignment", "What the person is and was assigned to, teams' work apart.", "{other}.person_id = {self}.id"
    )
    working_times = many(
        "WorkingTime", "Which share of full time the person works, and since when.", "{other}.person_id = {self}.id"
    )
    absences = many("Absence", "When the person is away.", "{other}.person_id = {self}.id", order="FROM_ON")
    capacity = capacity(
        "Time of the person, and all work, with that of the person's teams.",
        "select {self}.id as person_id, daterange(null, null) as during",
    )
    api_keys = many("ApiKey", "Keys that belong to the person.", "{other}.person_id = {self}.id", scope="ADMIN")
    external_links = external_links()
    status_updates = many(
        "StatusUpdate",
        "Status updates by the person, newest first.",
        "{other}.author_person_id = {self}.id",
        order="REPORTED_AT desc",
    )
    saved_views = many(
        "SavedView",
        "Views that the person saved, as far as you see them.",
        "{other}.person_id = {self}.id",
        order="NAME",
    )
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the person meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when the person is archived; null: not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


PersonConnection, PersonEdge, PersonFilter, PersonOrder = listing(Person, COMPARATORS)
PersonBy = lookup_input("PersonBy", "person", external=True)


@strawberry.type
class PersonQuery:
    person = lookup(
        "Person",
        "Person by one of their names; null when there is none that you may see.",
        PersonBy,
        by_id_key_or_external("PERSON"),
    )
    persons = many("Person", "People of the organization, in the order of creation.")
