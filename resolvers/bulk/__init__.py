"""Bulk: what is exported and imported as JSON lines, in an order that can be imported from top to bottom."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.link_types import LINKS
from resolvers.bulk.people_types import PEOPLE, STAFF
from resolvers.bulk.plan_types import PLANS, WORDS
from resolvers.bulk.report_types import REPORTS
from resolvers.bulk.tracker_types import TRACKERS
from resolvers.bulk.tree_types import FACTS, TREE

TYPES: tuple[BulkType, ...] = (*PEOPLE, *WORDS, *TREE, *PLANS, *STAFF, *TRACKERS, *FACTS, *REPORTS, *LINKS)
