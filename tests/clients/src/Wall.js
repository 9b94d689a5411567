// Relay's conventions on our lists: a refetchable fragment with a connection, and a change that updates its node.
import { graphql } from "relay-runtime";

export const wall = graphql`
  fragment Wall_portfolio on Portfolio
  @refetchable(queryName: "WallNextPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    name
    products(first: $first, after: $after, orderBy: [{ field: HEALTH_SCORE }]) @connection(key: "Wall_products") {
      edges {
        node {
          id
          name
          version
          health {
            score
            band
          }
        }
      }
    }
  }
`;

export const page = graphql`
  query WallQuery($key: String!) {
    portfolio(by: { key: $key }) {
      ...Wall_portfolio
    }
  }
`;

export const rename = graphql`
  mutation WallRenameMutation($input: ProductUpdateInput!) {
    productUpdate(input: $input) {
      product {
        id
        name
        version
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;
