// Compiles only if both generators give the same, exact types.
import type { ResultOf, VariablesOf } from "gql.tada";
import { PortfolioWallDocument, type PortfolioWallQuery, type PortfolioWallQueryVariables } from "../generated/graphql.ts";
import { PortfolioWall } from "./operations/PortfolioWall.tada.ts";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
type Wall = ResultOf<typeof PortfolioWall>;

export const sameScore: Same<Score<PortfolioWallQuery>, Score<Wall>> = true;
export const sameBand: Same<`${Band<PortfolioWallQuery>}`, Band<Wall>> = true;
export const sameKey: Same<PortfolioWallQueryVariables["key"], VariablesOf<typeof PortfolioWall>["key"]> = true;
export const document: { __apiType?: unknown } = PortfolioWallDocument;
// @ts-expect-error A band is one of five words.
export const noBand: Band<Wall> = "GREEN";

type Health<Q extends { portfolio?: { health: unknown } | null }> = NonNullable<Q["portfolio"]>["health"];
type Band<Q extends { portfolio?: { health: { band: unknown } } | null }> = Health<Q> extends { band: infer B } ? B : never;
type Score<Q extends { portfolio?: { health: { score?: unknown } } | null }> = Health<Q> extends { score?: infer S } ? S : never;
