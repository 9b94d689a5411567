"""A small schema in the style of ours, for tests of the gate that need no entity."""

from graphql import GraphQLSchema, build_schema

SCHEMA: GraphQLSchema = build_schema(
    """
    type Query {
      portfolio(id: ID!): Portfolio
      portfolios(first: Int, last: Int, after: String): PortfolioConnection!
      products(first: Int, last: Int): ProductConnection!
      node(id: ID!): Node
      nodes(ids: [ID!]!): [Node]!
      _entities(representations: [String!]!): [Node]!
      movers(first: Int): [Product!]!
    }
    type Mutation { productRename(id: ID!, name: String!, tier: Tier): Product }
    type Subscription { scores: Int }
    enum Tier { TIER_1 TIER_2 }
    interface Node { id: ID! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type Portfolio implements Node {
      id: ID! key: String! name: String!
      parent: Portfolio
      owners: [Person!]!
      products(first: Int, last: Int): ProductConnection!
    }
    type Person { name: String! }
    type PortfolioConnection { nodes: [Portfolio!]! pageInfo: PageInfo! totalCount: Int! }
    type Product implements Node {
      id: ID! key: String! name: String!
      portfolio: Portfolio!
      initiatives(first: Int, last: Int): InitiativeConnection!
    }
    type ProductEdge { cursor: String! node: Product! }
    type ProductConnection {
      nodes: [Product!]! edges: [ProductEdge!]! pageInfo: PageInfo! totalCount: Int!
    }
    type Initiative { id: ID! name: String! }
    type InitiativeConnection { nodes: [Initiative!]! pageInfo: PageInfo! }
    """
)
