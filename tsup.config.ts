import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "tsup";

/** One entry per folder of src that has an index, plus the package's own index. */
const folders = readdirSync("src", { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "cli" && existsSync(`src/${entry.name}/index.ts`))
  .map((entry) => entry.name);

const entry: Record<string, string> = { index: "src/index.ts" };
for (const folder of folders) entry[`${folder}/index`] = `src/${folder}/index.ts`;

const declarations = process.env["EIGENSCOPE_NO_DTS"] !== "1";

export default defineConfig([
  {
    entry,
    format: ["esm", "cjs"],
    target: "es2022",
    platform: "neutral",
    // Without splitting, ShapeError of one subpath would not be ShapeError of another.
    splitting: true,
    treeshake: false,
    sourcemap: false,
    noExternal: [/.*/],
    metafile: true,
    outDir: "dist",
    // Bundled @stdlib packages are CommonJS: these fields are what their package.json offers.
    esbuildOptions(options) {
      options.mainFields = ["module", "main"];
      options.conditions = ["import", "module", "default"];
    },
    dts: declarations ? { compilerOptions: { ignoreDeprecations: "6.0" } } : false,
  },
  {
    entry: { cli: "src/cli/main.ts" },
    format: ["esm"],
    target: "es2022",
    platform: "node",
    noExternal: [/.*/],
    outDir: "dist/cli",
    splitting: false,
    metafile: true,
    banner: { js: "#!/usr/bin/env node" },
    dts: false,
  },
]);
