"""How what clients ask for is answered and changed: the table of contents of all changes."""

from strawberry.tools import create_type

from resolvers.portfolio import (
    portfolio_archive,
    portfolio_create,
    portfolio_restore,
    portfolio_update,
    portfolio_upsert,
)
from resolvers.product import (
    product_archive,
    product_create,
    product_restore,
    product_update,
    product_upsert,
)

Mutation = create_type(
    "Mutation",
    [
        *(portfolio_create, portfolio_update, portfolio_upsert, portfolio_archive),
        *(portfolio_restore,),
        *(product_create, product_update, product_upsert, product_archive, product_restore),
    ],
    description="Everything that can be changed; each change is one transaction.",
)
