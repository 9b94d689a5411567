// The usual clients, each with the same wishes, against a running Folioscope: see serve.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { ClientError, GraphQLClient } from "graphql-request";

const url = `${process.env.FOLIOSCOPE_ADDRESS}/graphql`;
const headers = { Authorization: `Bearer ${process.env.FOLIOSCOPE_KEY}` };
const page = readFileSync("operations/ProductPage.graphql", "utf8");
const list = `query Products($after: String) {
  products(first: 5, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { id key version } }
}`;
const change = `mutation Update($input: ProductUpdateInput!) {
  productUpdate(input: $input) { product { id description version } userErrors { code message field } }
}`;

const apollo = () => {
  const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache() });
  const codes = (fault) => {
    assert.ok(CombinedGraphQLErrors.is(fault), String(fault));
    return fault.errors.map((error) => error.extensions.code);
  };
  return {
    query: async (text, variables) => (await client.query({ query: gql(text), variables })).data,
    mutate: async (text, variables) => (await client.mutate({ mutation: gql(text), variables })).data,
    codes,
  };
};

const urql = () => {
  const fetchOptions = { headers };
  const client = new Client({ url, fetchOptions, preferGetMethod: false, exchanges: [cacheExchange, fetchExchange] });
  const unwrap = ({ data, error }) => {
    if (error) throw error;
    return data;
  };
  return {
    query: async (text, variables) => unwrap(await client.query(text, variables).toPromise()),
    mutate: async (text, variables) => unwrap(await client.mutation(text, variables).toPromise()),
    codes: (fault) => fault.graphQLErrors.map((error) => error.extensions.code),
  };
};

const graphqlRequest = () => {
  const client = new GraphQLClient(url, { headers });
  const codes = (fault) => {
    assert.ok(fault instanceof ClientError, String(fault));
    return fault.response.errors.map((error) => error.extensions.code);
  };
  return { query: client.request.bind(client), mutate: client.request.bind(client), codes };
};

for (const [name, make] of Object.entries({ "Apollo Client": apollo, urql, "graphql-request": graphqlRequest })) {
  const client = make();

  test(`${name} reads a named operation`, async () => {
    const { product } = await client.query(page, { key: "CARE-BOT" });
    const lost = product.health.contributions.reduce((sum, { points }) => sum + Math.round(points * 1000), 0);
    assert.equal(100_000 - lost, Math.round(product.health.score * 1000));
  });

  test(`${name} pages to the end`, async () => {
    const keys = new Set();
    let after = null;
    let total;
    do {
      const { products } = await client.query(list, { after });
      for (const { key } of products.nodes) keys.add(key);
      total = products.totalCount;
      after = products.pageInfo.hasNextPage ? products.pageInfo.endCursor : null;
    } while (after);
    assert.ok(total > 5);
    assert.equal(keys.size, total);
  });

  test(`${name} changes something, and is told when another was faster`, async () => {
    const { products } = await client.query(list, {});
    const { id, version } = products.nodes.at(-1);
    const input = { id, version, description: `Seen by ${name}` };
    const first = (await client.mutate(change, { input })).productUpdate;
    assert.deepEqual(first, { ...first, userErrors: [] });
    assert.equal(first.product.description, input.description);
    const second = (await client.mutate(change, { input: { ...input, description: "Too late" } })).productUpdate;
    assert.deepEqual(second.userErrors.map(({ code }) => code), ["STALE_VERSION"]);
    assert.equal(second.product.version, first.product.version);
  });

  test(`${name} understands an error`, async () => {
    const fault = await client.query("{ products(first: 1) { nodes { nonsense } } }", {}).catch((error) => error);
    assert.deepEqual(client.codes(fault), ["GRAPHQL_VALIDATION_FAILED"]);
  });
}
