// Builds the package: ESM, CJS, declarations, third-party notices.
//   node scripts/build.mjs [--no-declarations] [--if-stale]
// --if-stale skips the work when dist is newer than every source file (npm run study and npm run bench use it).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const declarations = !process.argv.includes("--no-declarations");
const stamp = ".cache/built"; // outside dist, which is what gets published

/** Newest modification time below a path. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (process.argv.includes("--if-stale") && existsSync(stamp) && existsSync("dist/cli/cli.js")) {
  const inputs = ["src", "package.json", "tsup.config.ts", "scripts/build.mjs"];
  if (statSync(stamp).mtimeMs > Math.max(...inputs.map(newest))) process.exit(0);
}

rmSync("dist", { recursive: true, force: true });
const tsup = "node_modules/tsup/dist/cli-default.js";
const run = spawnSync(process.execPath, ["--max-old-space-size=4096", tsup, "--silent"], {
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, EIGENSCOPE_NO_DTS: declarations ? "0" : "1" },
});
if (run.status !== 0) process.exit(run.status ?? 1);

writeNotices();
// The page on which a checkpoint can be dropped ships beside the library: dist/weights.html.
const page = spawnSync(process.execPath, ["scripts/build-weights-page.mjs"], { stdio: "inherit" });
if (page.status !== 0) process.exit(page.status ?? 1);
mkdirSync(".cache", { recursive: true });
writeFileSync(stamp, "");

/** Collects the licences of everything that the bundler put into dist, and removes the bundler's own reports. */
function writeNotices() {
  const packages = new Set();
  for (const folder of ["dist", "dist/cli"]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).filter((file) => /^metafile-.*\.json$/.test(file))) {
      const { inputs } = JSON.parse(readFileSync(join(folder, name), "utf8"));
      for (const input of Object.keys(inputs)) {
        const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (match) packages.add(match[1]);
      }
      rmSync(join(folder, name));
    }
  }
  const texts = new Map(); // licence text -> packages that carry it
  for (const name of [...packages].sort()) {
    const root = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const files = readdirSync(root)
      .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
      .sort();
    const text = files.map((file) => readFileSync(join(root, file), "utf8").trim()).join("\n\n");
    // fft.js carries its licence in the README only.
    const readme =
      text === "" ? (/#+ *licen[cs]e[\s\S]*$/i.exec(readFileSync(join(root, "README.md"), "utf8"))?.[0] ?? "") : text;
    if (readme === "") throw new Error(`no licence text found for bundled package ${name}`);
    const key = readme;
    texts.set(key, [...(texts.get(key) ?? []), `${name} ${version} (${license})`]);
  }
  const intro =
    "# Third-party notices\n\neigenscope bundles code of the packages below. Their licences and notices follow. The Mersenne Twister in\n@stdlib/random-base-mt19937 carries its own BSD text, repeated at the end.\n";
  const sections = [...texts].map(([text, names]) => `\n## ${names.join(", ")}\n\n\`\`\`text\n${text}\n\`\`\`\n`);
  const twister = mersenneTwisterNotice();
  const notices = intro + sections.join("") + twister;
  const target = "THIRD_PARTY_NOTICES.md";
  if (existsSync(target) && readFileSync(target, "utf8") === notices) return;
  // CI builds what is committed: stale notices are an error there, and refreshed everywhere else.
  if (process.env["CI"]) throw new Error(`${target} is not what the bundle needs: run npm run build and commit it`);
  writeFileSync(`${target}.tmp`, notices);
  renameSync(`${target}.tmp`, target);
}

/** The BSD text that stands in the source of @stdlib's Mersenne Twister and must travel with the code. */
function mersenneTwisterNotice() {
  const source = readFileSync("node_modules/@stdlib/random-base-mt19937/lib/factory.js", "utf8");
  const match = /Copyright \(C\) 1997 - 2002, Makoto Matsumoto[\s\S]*?(?=\*\/)/.exec(source);
  if (!match) throw new Error("the BSD notice of the Mersenne Twister was not found in @stdlib/random-base-mt19937");
  const text = match[0]
    .replace(/^ ?\* ?/gm, "")
    .replace(/^```.*$/gm, "")
    .trim();
  return `\n## Mersenne Twister (inside @stdlib/random-base-mt19937)\n\n\`\`\`text\n${text}\n\`\`\`\n`;
}
