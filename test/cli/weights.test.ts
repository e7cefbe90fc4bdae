import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { beforeAll, expect, test } from "vitest";
import { type Tensor, writeNpy, writeSafetensors } from "../../src/formats/index.js";
import { createRng, normalMatrix } from "../../src/random/index.js";
import { sharedData, sharedMissing } from "../support/shared.js";
import { type CommandOutcome, runCommand, temporaryFolder } from "./test-host.js";

function tensor(name: string, shape: number[], seed: number, scale = 1): Tensor & { readonly data: Float32Array } {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from(normalMatrix(createRng(seed), 1, size).data, (value) => scale * value);
  return { name, dtype: "F32", shape, data };
}

/** A dense layer with a planted direction, a convolution, an embedding tied to the head, a bias. */
function model(strength = 40): Tensor[] {
  const dense = tensor("fc.weight", [40, 30], 1, 0.1);
  for (let i = 0; i < 40; i++) for (let j = 0; j < 30; j++) dense.data[i * 30 + j]! += strength / Math.sqrt(1200);
  const embedding = tensor("embed.weight", [50, 12], 2);
  return [
    dense,
    tensor("conv.weight", [6, 4, 3, 3], 3, 0.2),
    embedding,
    { ...embedding, name: "head.weight" },
    tensor("fc.bias", [40], 4),
  ];
}

let folder: string;
let file: string;
let first: CommandOutcome;
const quick = ["--draws", "3", "--replicates", "9", "--convolution", "input=6"];

beforeAll(async () => {
  folder = temporaryFolder();
  file = join(folder, "model.safetensors");
  writeFileSync(file, writeSafetensors(model()));
  first = await runCommand([
    "weights",
    file,
    "--json",
    join(folder, "out", "w.json"),
    "--csv",
    join(folder, "out", "w.csv"),
    "--html",
    join(folder, "out", "w.html"),
    ...quick,
  ]);
});

const withoutTimes = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), wallTimes: null });

interface WeightsRecord {
  readonly format: string;
  readonly provenance: { readonly seed: number; readonly input: string; readonly options: Record<string, unknown> };
  readonly summary: { readonly layers: number; readonly analyzedShare: number };
  readonly layers: readonly {
    readonly name: string;
    readonly spectralNorm: number;
    readonly singularValues: readonly number[];
    readonly bulk: { readonly value: { readonly spikes: readonly { readonly pValue: number }[] } };
    readonly aliases: Record<string, number | null>;
    readonly tied: readonly string[];
  }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly comparison: {
    readonly layers: readonly { readonly name: string; readonly relativeChange: number }[];
  } | null;
  readonly gate: readonly { readonly passed: boolean }[];
}

test("the table on standard output, progress and the names of the files on standard error", () => {
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("Weights of a checkpoint");
  expect(first.stdout).toMatch(/fc\.weight +dense +40/);
  expect(first.stdout).toContain("a vector (bias, normalisation or slope)");
  expect(first.stdout).toContain("identical to embed.weight: counted once");
  expect(first.stderr).toContain("weights");
  expect(first.stderr).toContain("written: ");
  expect(readdirSync(join(folder, "out")).sort()).toEqual(["w.csv", "w.html", "w.json"]);
});

test("JSON: provenance, every layer with its values, the planted direction, WeightWatcher's columns, what was skipped", () => {
  const record = JSON.parse(readFileSync(join(folder, "out", "w.json"), "utf8")) as WeightsRecord;
  expect(record.format).toBe("eigenscope-weights-1");
  expect(record.provenance).toMatchObject({ seed: 1, options: { draws: 3, replicates: 9 } });
  expect(record.provenance.input).toMatch(/^model\.safetensors \([0-9,]+ bytes, SHA-256 [0-9a-f]{16}…\)$/);
  expect(record.layers.map(({ name }) => name)).toEqual(["fc.weight", "conv.weight", "embed.weight"]);
  const [dense] = record.layers;
  expect(dense!.singularValues).toHaveLength(30);
  expect(dense!.spectralNorm).toBeGreaterThan(39);
  expect(dense!.bulk.value.spikes[0]!.pValue).toBeLessThan(1e-10); // the planted direction
  for (const key of ["alpha", "log_norm", "stable_rank", "rand_distance", "ww_softrank", "ww_maxdist", "mp_softrank"])
    expect(typeof dense!.aliases[key], key).toBe("number");
  expect(record.layers[2]!.tied).toEqual(["head.weight"]);
  expect(record.skipped.map(({ name }) => name)).toEqual(["head.weight", "fc.bias"]);
  expect(record.gate).toEqual([]);
  expect(Object.keys(JSON.parse(readFileSync(join(folder, "out", "w.json"), "utf8")) as object).at(-1)).toBe(
    "wallTimes",
  );
});

test("the same seed gives the same JSON, another seed another one", async () => {
  const again = await runCommand(["weights", file, "--json", ...quick]);
  expect(withoutTimes(again.stdout)).toBe(withoutTimes(readFileSync(join(folder, "out", "w.json"), "utf8")));
  const other = await runCommand(["weights", file, "--seed", "2", "--json", ...quick]);
  expect(withoutTimes(other.stdout)).not.toBe(withoutTimes(again.stdout));
});

test("CSV: one line per matrix and per skipped tensor, every line as long as the heading", () => {
  const lines = readFileSync(join(folder, "out", "w.csv"), "utf8")
    .trimEnd()
    .split("\r\n");
  expect(lines).toHaveLength(1 + 3 + 2);
  const heading = lines[0]!.split(",");
  expect(heading).toContain("spectralNorm");
  expect(heading).toContain("rand_distance");
  for (const line of lines)
    expect(line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)!.length).toBeGreaterThanOrEqual(heading.length);
  expect(lines[1]).toMatch(/^fc\.weight,,dense,F32,40x30,40,30,1200,/);
  expect(lines[5]).toContain("a vector (bias");
});

test("the page asks for nothing and shows a figure per layer", () => {
  const page = readFileSync(join(folder, "out", "w.html"), "utf8");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  expect(page.match(/<svg/g)!.length).toBe(3); // the overview and the two layers of more than eight values
  expect(page).toContain("Marchenko–Pastur");
  expect(page).toContain("entries shuffled");
});

test("the gate: 0 when nothing holds, 1 when a condition holds or nothing decides it, and the undefined counts neither way", async () => {
  const gate = (...conditions: string[]): Promise<CommandOutcome> =>
    runCommand(["weights", file, "--quiet", ...quick, "--fail-on", ...conditions]);
  const fine = await gate("spectralNorm>100", "analyzedShare<0.5", "operatorNorm > 50", "conv*:stableRank<1");
  expect([fine.code, fine.stderr]).toEqual([0, ""]);
  expect(fine.stdout).toContain("The gate is passed");
  const caught = await gate("spectralNorm>10", "conv.weight:spectralNorm>10");
  expect(caught.code).toBe(1);
  expect(caught.stderr).toMatch(/^eigenscope: not passed: spectralNorm>10 in fc\.weight \(39\.9\d+\)\n$/);
  const undecided = await gate("fc.weight:operatorNorm>1");
  expect(undecided.code).toBe(1);
  expect(undecided.stderr).toContain("could be decided in none of 1 places (not a convolution)");
  const nowhere = await gate("nobody*:spectralNorm>1");
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    "eigenscope: not passed: nobody*:spectralNorm>1 matches no layer\n",
  ]);
  expect((await gate("embed*:warnings>=9", "conditionNumber>1e300")).code).toBe(0);
});

test("--compare: what changed, in the table, the JSON and the gate", async () => {
  const other = join(folder, "other.safetensors");
  writeFileSync(other, writeSafetensors(model(60)));
  const { code, stdout } = await runCommand([
    "weights",
    file,
    "--quiet",
    "--json",
    ...quick,
    "--compare",
    other,
    "--fail-on",
    "relativeChange>0.1",
  ]);
  expect(code).toBe(1);
  const { comparison } = JSON.parse(stdout) as WeightsRecord;
  const changes = Object.fromEntries(comparison!.layers.map(({ name, relativeChange }) => [name, relativeChange]));
  expect(changes["fc.weight"]).toBeGreaterThan(0.4);
  expect(changes["conv.weight"]).toBe(0);
  const text = (await runCommand(["weights", file, "--quiet", ...quick, "--compare", other])).stdout;
  expect(text).toContain("1 of 4 compared matrices differ; the most in fc.weight");
});

test("shards by their index, npy and npz are read as well; --only and --layout choose", async () => {
  const parts = model();
  writeFileSync(join(folder, "s-1.safetensors"), writeSafetensors(parts.slice(0, 2)));
  writeFileSync(join(folder, "s-2.safetensors"), writeSafetensors(parts.slice(2)));
  const index = join(folder, "s.safetensors.index.json");
  const weight_map = Object.fromEntries(
    parts.map(({ name }, i) => [name, i < 2 ? "s-1.safetensors" : "s-2.safetensors"]),
  );
  writeFileSync(index, JSON.stringify({ weight_map }));
  const layersOf = async (...words: string[]): Promise<readonly { name: string }[]> => {
    const { code, stdout, stderr } = await runCommand(["weights", ...words, "--quiet", "--json", ...quick]);
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as WeightsRecord).layers;
  };
  const whole = JSON.parse(readFileSync(join(folder, "out", "w.json"), "utf8")) as WeightsRecord;
  expect(await layersOf(index)).toEqual(whole.layers);
  const npy = join(folder, "dense.npy");
  writeFileSync(npy, writeNpy(parts[0]!));
  const npz = join(folder, "rest.npz");
  writeFileSync(npz, zipSync({ "conv.weight.npy": writeNpy(parts[1]!), "embed.weight.npy": writeNpy(parts[2]!) }));
  expect((await layersOf(npy, npz)).map(({ name }) => name)).toEqual(["dense", "conv.weight", "embed.weight"]);
  expect((await layersOf(file, "--only", "*fc*", "conv.weight")).map(({ name }) => name)).toEqual([
    "fc.weight",
    "conv.weight",
  ]);
  const turned = await layersOf(file, "--only", "fc.weight", "--layout", "in-out");
  expect(turned[0]).toMatchObject({ rows: 30, cols: 40, layout: { from: "given" } });
});

test("geometry by layer: groups, strides and transposition change the operator norm", async () => {
  const norm = async (...geometry: string[]): Promise<unknown> => {
    const words = ["weights", file, "--quiet", "--only", "conv.weight", "--json", "--draws", "1", "--replicates", "1"];
    const { code, stdout, stderr } = await runCommand([...words, "--convolution", ...geometry]);
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as { layers: { operatorNorm: { value: object } }[] }).layers[0]!.operatorNorm.value;
  };
  expect(await norm("input=5,padding=circular")).toMatchObject({ method: "symbol", stride: [1, 1], groups: 1 });
  expect(await norm("input=5", "conv*:stride=2x1,groups=2,dilation=2")).toMatchObject({
    stride: [2, 1],
    groups: 2,
    dilation: [2, 2],
  });
  expect(await norm("input=4,transposed,padding=1,stride=2,output-padding=1")).toMatchObject({
    transposed: true,
    outputSize: [8, 8],
  });
});

test("Ctrl-C keeps what is done and ends with 130", async () => {
  const path = join(folder, "cut.json");
  const { code } = await runCommand(["weights", file, "--json", path, ...quick], { interruptAfter: 1 });
  expect(code).toBe(130);
  const record = JSON.parse(readFileSync(path, "utf8")) as { summary: { status: string; layers: number } };
  expect(record.summary).toMatchObject({ status: "cancelled", layers: 1 });
});

interface WrongInput {
  readonly name: string;
  readonly words: readonly string[];
  readonly says: readonly string[];
}

const damaged = (change: (bytes: Uint8Array) => Uint8Array): Uint8Array => change(writeSafetensors(model()).slice());

const files: Readonly<Record<string, () => Uint8Array>> = {
  "cut.safetensors": () => damaged((bytes) => bytes.subarray(0, bytes.length - 5)),
  "giant.safetensors": () => damaged((bytes) => (new DataView(bytes.buffer).setUint32(4, 3, true), bytes)),
  "nan.safetensors": () => {
    const parts = model();
    (parts[2]!.data as Float32Array)[7] = Number.NaN;
    return writeSafetensors(parts);
  },
  "text.safetensors": () => new TextEncoder().encode("version https://git-lfs.github.com/spec/v1 oid sha256:0 size 5"),
  "empty.npy": () => new Uint8Array(0),
  "same.safetensors": () => writeSafetensors(model()),
  "screen.safetensors": () => writeSafetensors([tensor("\u001b[31m\n", [3], 1)]),
  "vectors.safetensors": () => writeSafetensors([tensor("b", [3], 1)]),
};

test("wrong command lines and damaged files: exit code 2, one message, nothing written", async () => {
  const place = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(place, name), bytes());
  writeFileSync(join(place, "good.safetensors"), writeSafetensors(model()));
  const good = join(place, "good.safetensors");
  const bad = (name: string): readonly string[] => ["weights", join(place, name), ...quick];
  const cases: readonly WrongInput[] = [
    { name: "no file", words: ["weights"], says: ["expects at least one FILE", "got none"] },
    { name: "missing", words: bad("nobody.safetensors"), says: ["nobody.safetensors", "does not exist"] },
    { name: "folder", words: ["weights", place], says: ["which is a folder; name the files in it"] },
    { name: "device", words: ["weights", devNull], says: ["which is a device or a pipe; write it to a file first"] },
    { name: "twice", words: ["weights", good, good], says: ["is given twice"] },
    { name: "unknown option", words: ["weights", good, "--fial-on", "x"], says: ["did you mean --fail-on?"] },
    {
      name: "unknown measure",
      words: ["weights", good, "--fail-on", "spectralnorm>10"],
      says: ["about one of parameters, spectralNorm, operatorNorm", 'got "spectralnorm"', "did you mean spectralNorm?"],
    },
    { name: "no relation", words: ["weights", good, "--fail-on", "spectralNorm"], says: ["[PATTERN:]NAME>NUMBER"] },
    { name: "no number", words: ["weights", good, "--fail-on", "spectralNorm>ten"], says: ["[PATTERN:]NAME>NUMBER"] },
    { name: "NaN limit", words: ["weights", good, "--fail-on", "spectralNorm>NaN"], says: ["[PATTERN:]NAME>NUMBER"] },
    {
      name: "comparison without one",
      words: ["weights", good, "--fail-on", "relativeChange>0.1"],
      says: ["only when two checkpoints are compared"],
    },
    {
      name: "pattern on a total",
      words: ["weights", good, "--fail-on", "fc*:analyzedShare<1"],
      says: ["without a pattern"],
    },
    {
      name: "file as a condition",
      words: ["weights", good, "--fail-on", good],
      says: ["files come before the options"],
    },
    {
      name: "layout",
      words: ["weights", good, "--layout", "nchw"],
      says: ["--layout expects one of auto, out-in, in-out"],
    },
    { name: "draws", words: ["weights", good, "--draws", "0"], says: ["--draws expects an integer in [1,"] },
    {
      name: "geometry key",
      words: ["weights", good, "--convolution", "strides=2"],
      says: ["with the keys input, padding, stride", '"strides=2" is not one of them'],
    },
    {
      name: "geometry value",
      words: ["weights", good, "--convolution", "stride=two"],
      says: ["stride takes integers"],
    },
    {
      name: "geometry zero",
      words: ["weights", good, "--convolution", "stride=0"],
      says: ["stride must be an integer >= 1"],
    },
    {
      name: "groups that do not divide",
      words: ["weights", good, "--convolution", "conv*:groups=4"],
      says: ['layer "conv.weight"', "a divisor of the 6 output channels"],
    },
    {
      name: "file after an option that takes several values",
      words: ["weights", "--fail-on", "spectralNorm>10", good],
      says: [`${good} was read as a value of --fail-on: put files before the options`],
    },
    { name: "truncated", words: bad("cut.safetensors"), says: ["cut.safetensors: ", "the file is truncated"] },
    {
      name: "damaged shard",
      words: ["weights", good, join(place, "cut.safetensors")],
      says: [`eigenscope: ${join(place, "cut.safetensors")}: openSafetensors: `, "the file is truncated"],
    },
    {
      name: "parts of two models",
      words: ["weights", good, join(place, "same.safetensors")],
      says: ["eigenscope: openTensors: input must be files with different tensors"],
    },
    { name: "control characters", words: bad("screen.safetensors"), says: ["none of them: \\x1b[31m\\x0a (a vector"] },
    { name: "giant header", words: bad("giant.safetensors"), says: ["a header of at most 100000000 bytes"] },
    { name: "NaN", words: bad("nan.safetensors"), says: ['tensor "embed.weight"', "NaN at index 7"] },
    { name: "another format", words: bad("text.safetensors"), says: ["safetensors file"] },
    { name: "empty file", words: bad("empty.npy"), says: ["the file is truncated"] },
    { name: "vectors only", words: bad("vectors.safetensors"), says: ["none of them: b (a vector"] },
    {
      name: "missing comparison",
      words: ["weights", good, "--compare", "nobody"],
      says: ["--compare", "does not exist"],
    },
    {
      name: "damaged comparison",
      words: ["weights", good, ...quick, "--compare", join(place, "cut.safetensors")],
      says: ["the file is truncated"],
    },
  ];
  // Refused at once: no tensor was looked at, no progress shown.
  const early = await runCommand(["weights", good, ...quick, "--compare", join(place, "cut.safetensors")]);
  expect(early.stderr.startsWith("eigenscope: ")).toBe(true);
  const before = readdirSync(place).sort();
  for (const { name, words, says } of cases) {
    const outputs = words.length > 1 ? ["--html", join(place, "new", "w.html"), "--csv", join(place, "w.csv")] : [];
    const { code, stdout, stderr } = await runCommand([...words, "--quiet", ...outputs]);
    expect(code, name).toBe(2);
    expect(stdout, name).toBe("");
    expect(stderr.startsWith("eigenscope: ") && stderr.indexOf("\n") === stderr.length - 1, `${name}: ${stderr}`).toBe(
      true,
    );
    for (const part of says) expect(stderr, name).toContain(part);
    expect(readdirSync(place).sort(), name).toEqual(before);
  }
}, 60_000);

test("a real checkpoint: table, gate and page", async (context) => {
  const path = sharedData("mtcnn.safetensors");
  if (path === null) return context.skip(sharedMissing);
  const { code, stdout, stderr } = await runCommand([
    "weights",
    path,
    "--quiet",
    "--draws",
    "2",
    "--replicates",
    "9",
    "--convolution",
    "input=8",
    "--fail-on",
    "spectralNorm>5.9",
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain("pnet/conv1/weights (5.93");
  expect(stdout).toContain("19 matrices with 99.6 % of 495,850 parameters");
});

test("one matrix, nothing skipped and one condition are told in the singular; hostile names are shown, not sent", async () => {
  const place = temporaryFolder();
  const file = join(place, "one.safetensors");
  writeFileSync(file, writeSafetensors([tensor("\u001b[2Jfc", [30, 20], 5)]));
  const words = ["weights", file, "--draws", "2", "--replicates", "9", "--fail-on", "spectralNorm>1000"];
  const { code, stdout, stderr } = await runCommand(words);
  expect(code).toBe(0);
  expect(stdout).toContain("The gate is passed: its condition does not hold.");
  expect(stdout).toContain("1 matrix with 100 % of 600 parameters was analysed; no tensor was skipped.");
  expect(stdout).toContain("\\x1b[2Jfc");
  // eslint-disable-next-line no-control-regex
  expect(stdout + stderr).not.toMatch(/\u001b\[2J/);
});
