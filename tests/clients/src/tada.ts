import { initGraphQLTada } from "gql.tada";
import type { introspection } from "../generated/tada.d.ts";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { Date: string; DateTime: string; DateTimeOrDuration: string; JSON: unknown; Points: number };
}>();
