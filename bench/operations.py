"""What is asked: the wall, one product, an executive's roll-up, and that of every portfolio below."""

from dataclasses import dataclass
from typing import Any

from bench.data import WALL_KEY

_PRODUCT_FIELDS = """
fragment ProductFields on Product {
  id key name lifecycleStage tier
  owner { name }
  health { score band coverage confidence contributions { key points } }
  kpis(first: 10) { nodes { key name category unit latestValue latestObservedAt target { target redAt } } }
  initiatives(first: 10) {
    nodes { key name state targetOn progress { ratio doneScope totalScope } health { band score } }
  }
}
"""
_WALL = """
query Wall($portfolio: String!, $first: Int!) {
  portfolio(by: {key: $portfolio}) { name products(first: $first) { nodes { ...ProductFields } } }
}
"""
_PRODUCT = """
query OneProduct($product: String!) { product(by: {key: $product}) { ...ProductFields } }
"""
_ROLLUP_FIELDS = """
fragment RollupFields on Portfolio {
  name
  health { score band }
  bands: rollup(groupBy: BAND) { group count averageScore }
  stages: rollup(groupBy: STAGE) { group count averageScore }
}
"""
_ROLLUP = """
query Rollup($portfolio: String!) { portfolio(by: {key: $portfolio}) { ...RollupFields } }
"""
_OVERVIEW = """
query Overview($portfolio: String!) {
  portfolio(by: {key: $portfolio}) { ...RollupFields children(first: 10) { nodes { ...RollupFields } } }
}
"""


@dataclass(frozen=True)
class Operation:
    """A named query with the values that it is measured with."""

    title: str
    query: str
    variables: dict[str, Any]


OPERATIONS = {
    "wall": Operation("wall, 50 products", _WALL + _PRODUCT_FIELDS, {"portfolio": WALL_KEY, "first": 50}),
    "product": Operation("one product", _PRODUCT + _PRODUCT_FIELDS, {"product": "PRODUCT-7"}),
    "rollup": Operation("roll-up by band and stage", _ROLLUP + _ROLLUP_FIELDS, {"portfolio": "ALL"}),
    "overview": Operation("the same, and of 5 portfolios below", _OVERVIEW + _ROLLUP_FIELDS, {"portfolio": "ALL"}),
}


def count_leaves(value: Any) -> int:
    """Values of a JSON document that are neither object nor list."""
    if isinstance(value, dict):
        return sum(map(count_leaves, value.values()))
    if isinstance(value, list):
        return sum(map(count_leaves, value))
    return 1
