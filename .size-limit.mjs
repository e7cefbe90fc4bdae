// Size limits per subpath: what `import * as x from "eigenscope/<folder>"` costs, minified and gzipped.
// A limit is the measured size rounded up with about a fifth of room; raising one is a decision, not a reflex.
import { readFileSync } from "node:fs";

const limits = JSON.parse(readFileSync(new URL("./scripts/size-limits.json", import.meta.url), "utf8"));

export default Object.entries(limits).map(([folder, limit]) => ({
  name: folder === "index" ? "eigenscope" : `eigenscope/${folder}`,
  path: folder === "index" ? "dist/index.js" : `dist/${folder}/index.js`,
  import: "*",
  limit,
  gzip: true,
}));
