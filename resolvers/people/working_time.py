"""What is special when working times change: the load of all that the person works on moves."""

from portfolio.row import Row
from resolvers.engine.session import Write
from resolvers.entity.change import Hooks
from resolvers.people.work import mark_work_of_people


async def _mark(write: Write, row: Row, _: Row | None) -> None:
    await mark_work_of_people(write, [row["person_id"]])


HOOKS = Hooks(mark=_mark)
