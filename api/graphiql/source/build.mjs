// Bundles GraphiQL into two files and its licences into a third. Run by `make vendor`.
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const target = "..";
const result = await build({
  entryPoints: { graphiql: "page.js" },
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  alias: { "react-style-singleton": "./no_style.js" },
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
});

// 380 kB of the style sheet are fonts that fall back to the system's.
const style = join(target, "graphiql.css");
writeFileSync(style, readFileSync(style, "utf8").replace(/@font-face\s*\{[^}]*\}/g, ""));

const packages = new Set(
  Object.keys(result.metafile.inputs)
    .map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean),
);
const notices = new Map();
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
  notices.set(text, [...(notices.get(text) ?? []), `${name} ${version} (${license})`]);
}
const parts = [...notices].map(([text, names]) => `${[...new Set(names)].join("\n")}\n\n${text}\n`);
writeFileSync(join(target, "LICENSES.txt"), `What graphiql.js and graphiql.css are made of.\n\n${parts.join(`\n${"-".repeat(72)}\n\n`)}`);
