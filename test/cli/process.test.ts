import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { writeSafetensors } from "../../src/formats/index.js";
import { temporaryFolder } from "./test-host.js";

/** The command bundled as the package ships it: dist/cli/main.js beside a package.json two levels up. */
let command: string;

beforeAll(async () => {
  const root = temporaryFolder();
  const folder = join(root, "dist", "cli");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ version: "1.2.3", type: "module" }));
  command = join(folder, "main.js");
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    mainFields: ["module", "main"],
    outfile: command,
    logLevel: "error",
  });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a process; `watch` sees stderr as it grows. */
function runProcess(
  words: readonly string[],
  watch: (stderr: string, child: ChildProcess) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...words]);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      watch(stderr, child);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

test("version, and exit code 2 with a message on stderr for a wrong word", async () => {
  expect(await runProcess(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  const { code, stdout, stderr } = await runProcess(["studdy"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain('"studdy" is not a command (did you mean study?)');
});

test("a claim runs in a worker thread and comes back as JSON", async () => {
  const { code, stdout } = await runProcess(["claims", "--only", "U46", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ id: "U46", passed: true }]);
});

test("Ctrl-C in the middle of a study: what is done is written whole, exit code 130", async () => {
  const folder = temporaryFolder();
  let sent = false;
  const { code, stderr } = await runProcess(["study", "--out", folder], (text, child) => {
    // Progress has begun: the records so far must be kept.
    if (sent || !text.includes("training")) return;
    sent = true;
    child.kill("SIGINT");
  });
  expect(code, stderr).toBe(130);
  expect(readdirSync(folder).sort()).toEqual(["study.html", "study.json"]);
  const record = JSON.parse(readFileSync(join(folder, "study.json"), "utf8")) as {
    status: string;
    sections: { id: string }[];
    provenance: { versions: Record<string, string> };
  };
  expect(record.status).toBe("cancelled");
  expect(record.provenance.versions).toEqual({
    eigenscope: "1.2.3",
    node: process.version,
    routines: expect.stringMatching(/^(js|wasm)$/) as string,
  });
  expect(record.sections.map((section) => section.id)).toContain("training");
});

test("weights in a worker thread: a table from a file, and a damaged file is one message without output", async () => {
  const folder = temporaryFolder();
  const data = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * i));
  const bytes = writeSafetensors([{ name: "fc.weight", dtype: "F32", shape: [30, 20], data }]);
  writeFileSync(join(folder, "good.safetensors"), bytes);
  writeFileSync(join(folder, "cut.safetensors"), bytes.subarray(0, 900));
  const good = await runProcess(["weights", join(folder, "good.safetensors"), "--draws", "2", "--replicates", "9"]);
  expect(good.code, good.stderr).toBe(0);
  expect(good.stdout).toMatch(/fc\.weight +dense +30/);
  const page = join(folder, "w.html");
  const cut = await runProcess(["weights", join(folder, "cut.safetensors"), "--quiet", "--html", page]);
  expect({ code: cut.code, stdout: cut.stdout }).toEqual({ code: 2, stdout: "" });
  expect(cut.stderr).toMatch(/^eigenscope: .*the file is truncated\n$/);
  expect(readdirSync(folder).sort()).toEqual(["cut.safetensors", "good.safetensors"]);
});

test("a second Ctrl-C ends at once and leaves no file behind", async () => {
  const folder = temporaryFolder();
  let kills = 0;
  const ended = await runProcess(["study", "sensing", "--out", join(folder, "out")], (text, child) => {
    if (kills === 0 && text.includes("%")) kills = Number(child.kill("SIGINT"));
    else if (kills === 1 && text.includes("interrupt again")) kills += Number(child.kill("SIGINT"));
  });
  expect(kills).toBe(2);
  // Ended by the signal, or, on a machine where the clean stop was quicker, with the files whole.
  const left = ended.code === null ? [] : ["study.html", "study.json"];
  expect([null, 130]).toContain(ended.code);
  expect(readdirSync(join(folder, "out")).sort()).toEqual(left);
});
