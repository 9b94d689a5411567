import type { CodegenConfig } from "@graphql-codegen/cli";

export default {
  schema: "schema.graphql",
  documents: ["operations/*.graphql"],
  generates: {
    "generated/": {
      preset: "client",
      config: {
        defaultScalarType: "unknown",
        scalars: { Date: "string", DateTime: "string", DateTimeOrDuration: "string", Points: "number" },
      },
    },
  },
} satisfies CodegenConfig;
