// The schema's style guide, as far as graphql-eslint knows it; the rest is tests/test_schema*.py.
import graphql from "@graphql-eslint/eslint-plugin";

const plugins = { "@graphql-eslint": graphql };
const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: "generated/own.graphql", documents: "operations/*.graphql" } },
};
const rules = (named) => Object.fromEntries(Object.entries(named).map(([name, rule]) => [`@graphql-eslint/${name}`, rule]));

export default [
  {
    files: ["generated/own.graphql"],
    plugins,
    languageOptions,
    // require-nullable-result-in-root and strict-id-in-types know no lists and no values: tests/test_schema.py does.
    rules: rules({
      "description-style": "error",
      "input-name": "error",
      "naming-convention": ["error", {
        types: "PascalCase",
        FieldDefinition: "camelCase",
        InputValueDefinition: "camelCase",
        Argument: "camelCase",
        EnumValueDefinition: "UPPER_CASE",
        "FieldDefinition[parent.name.value=Query]": { forbiddenPrefixes: ["get", "list", "fetch", "query"] },
      }],
      "no-hashtag-description": "error",
      "no-scalar-result-type-on-mutation": "error",
      "no-typename-prefix": "error",
      "no-unreachable-types": "error",
      "relay-arguments": ["error", { includeBoth: false }],
      "relay-connection-types": "error",
      // Short lists are plain lists; each says how long it may be.
      "relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      "relay-page-info": "error",
      "require-deprecation-date": "error",
      "require-deprecation-reason": "error",
      "require-description": ["error", { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true, DirectiveDefinition: true }],
      "require-nullable-fields-with-oneof": "error",
      "require-type-pattern-with-oneof": "error",
      "unique-enum-value-names": "error",
    }),
  },
  {
    files: ["operations/*.graphql"],
    plugins,
    languageOptions,
    rules: rules({
      "executable-definitions": "error",
      "match-document-filename": ["error", { query: "PascalCase", mutation: "PascalCase", fileExtension: ".graphql" }],
      "no-anonymous-operations": "error",
      "no-deprecated": "error",
      "no-duplicate-fields": "error",
      "no-unused-variables": "error",
      "require-selections": "error",
      "selection-set-depth": ["error", { maxDepth: 10 }],
      "unique-operation-name": "error",
    }),
  },
];
