// Builds the page on which a checkpoint can be dropped: docs/examples/weights-page.html with its script inside.
//   node scripts/build-weights-page.mjs [FILE]     (default dist/weights.html)
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const result = await build({
  entryPoints: [at("docs/examples/weights-page.ts")],
  bundle: true,
  write: false,
  minify: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  mainFields: ["module", "main"],
  logLevel: "error",
  plugins: [
    {
      name: "sources",
      setup: (bundler) =>
        bundler.onResolve({ filter: /^eigenscope\// }, ({ path }) => ({
          path: at(`src/${path.slice("eigenscope/".length)}/index.ts`),
          sideEffects: false,
        })),
    },
  ],
});
// Inside a page a script must not contain the end of its own element.
const script = result.outputFiles[0].text.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
const page = readFileSync(at("docs/examples/weights-page.html"), "utf8").replace("/* bundled script */", () => script);
const target = process.argv[2] ?? at("dist/weights.html");
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, page);
