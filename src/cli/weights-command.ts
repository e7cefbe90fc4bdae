import { existsSync, statSync } from "node:fs";
import type { LayerGeometry, WeightLayout } from "../checkpoints/index.js";
import { EigenscopeError } from "../core/index.js";
import { htmlReport, textReport, visibleText } from "../report/index.js";
import { type GateCondition, gateCondition, gateMeasures } from "../studies/index.js";
import { type ParsedArguments, integerOption, nearest } from "./arguments.js";
import { DEFAULT_SEED } from "./commands.js";
import { executeJob } from "./execute-job.js";
import { EXIT } from "./exit-codes.js";
import type { Host } from "./host.js";
import { createOutputFiles } from "./output-files.js";
import { UsageError } from "./usage-error.js";
import type { WeightsJob } from "./weights-job.js";

const LAYOUTS = ["auto", "out-in", "in-out"] as const;

/** `eigenscope weights`: analyses a checkpoint, shows the table, writes files, and judges it by conditions. */
export async function weightsCommand(parsed: ParsedArguments, host: Host): Promise<number> {
  const inputs = existingFiles(parsed.positionals, "weights");
  if (inputs.length === 0) throw new UsageError(`${NO_FILE}${swallowedFile(parsed)}`);
  const compare = parsed.options.get("compare") ?? null;
  const job: WeightsJob = {
    kind: "weights",
    seed: integerOption(parsed, "seed", DEFAULT_SEED, 0, Number.MAX_SAFE_INTEGER),
    versions: host.versions,
    inputs,
    compare: compare === null ? null : existingFiles(compare, "--compare"),
    layout: layoutOption(parsed),
    only: parsed.options.get("only") ?? null,
    ...geometryOptions(parsed),
    replicates: integerOption(parsed, "replicates", 99, 1, 1_000_000),
    draws: integerOption(parsed, "draws", 9, 1, 100_000),
    baselineLimit: integerOption(parsed, "baseline-limit", 600_000, 0, Number.MAX_SAFE_INTEGER),
    tileAbove: integerOption(parsed, "tile-above", 2 ** 24, 1, Number.MAX_SAFE_INTEGER),
    details: integerOption(parsed, "details", 40, 0, 100_000),
    conditions: conditionsOf(parsed, compare !== null),
  };
  const json = parsed.options.get("json");
  const jsonFile = json === undefined || json.length === 0 || json[0] === "-" ? null : json[0]!;
  const jsonToStdout = json !== undefined && jsonFile === null;
  const html = parsed.options.get("html")?.[0] ?? null;
  const csv = parsed.options.get("csv")?.[0] ?? null;
  const files = createOutputFiles();
  try {
    for (const path of [jsonFile, html, csv]) if (path !== null) files.reserve(path);
    const { result, cancelled } = await executeJob(job, host, parsed.options.has("quiet"));
    if (result.kind !== "weights") throw new Error("a weights job gave another result");
    if (jsonFile !== null) files.write(jsonFile, result.json);
    if (html !== null) files.write(html, htmlReport(result.full));
    if (csv !== null) files.write(csv, result.csv);
    host.stdout.write(
      jsonToStdout ? result.json : textReport(result.short, { width: Math.max(40, host.stdout.columns) }),
    );
    const written = [jsonFile, html, csv].filter((path) => path !== null);
    if (written.length > 0 && !parsed.options.has("quiet")) host.stderr.write(`written: ${written.join(", ")}\n`);
    if (cancelled) return EXIT.interrupted;
    for (const line of result.failures) host.stderr.write(`eigenscope: ${visibleText(line)}\n`);
    return result.failures.length === 0 ? EXIT.fine : EXIT.checkFailed;
  } finally {
    files.discard();
  }
}

const NO_FILE = '"eigenscope weights" expects at least one FILE (.safetensors, .index.json, .npy, .npz), got none';

/** What to say when an option that takes several values has taken the file. */
function swallowedFile(parsed: ParsedArguments): string {
  for (const [name, values] of parsed.options) {
    const file = values.slice(1).find((value) => existsSync(value));
    if (file !== undefined) return `; ${file} was read as a value of --${name}: put files before the options`;
  }
  return "";
}

/** Files that are there: a folder or a missing name is told before any work. */
function existingFiles(words: readonly string[], option: string): readonly string[] {
  const seen = new Set<string>();
  for (const path of words) {
    if (seen.has(path)) throw new UsageError(`${option}: ${path} is given twice; expected different files`);
    seen.add(path);
    if (!existsSync(path))
      throw new UsageError(`${option}: expected a file, got ${JSON.stringify(path)}, which does not exist`);
    if (!statSync(path).isFile())
      throw new UsageError(
        `${option}: expected a file, got ${JSON.stringify(path)}, which is ${statSync(path).isDirectory() ? "a folder; name the files in it" : "a device or a pipe; write it to a file first"}`,
      );
  }
  return words;
}

function layoutOption(parsed: ParsedArguments): "auto" | WeightLayout {
  const text = parsed.options.get("layout")?.[0] ?? "auto";
  const layout = LAYOUTS.find((name) => name === text);
  if (layout === undefined)
    throw new UsageError(`--layout expects one of ${LAYOUTS.join(", ")}, got ${JSON.stringify(text)}`);
  return layout;
}

/** Conditions from --fail-on; a mistake in one is told with the list of names. */
function conditionsOf(parsed: ParsedArguments, comparison: boolean): readonly GateCondition[] {
  return (parsed.options.get("fail-on") ?? []).map((text) => {
    try {
      return gateCondition(text, { comparison });
    } catch (error) {
      if (!(error instanceof EigenscopeError)) throw error;
      const name = /([A-Za-z_]\w*)\s*(?:[<>=!])/.exec(text)?.[1];
      const names = gateMeasures(comparison).map((measure) => measure.name);
      const near = name === undefined || names.includes(name) ? null : nearest(name, names);
      const hint = near === null ? "" : ` (did you mean ${near}?)`;
      const file = existsSync(text) ? "; files come before the options" : "";
      const reason = error.message.replace(/^gateCondition: condition must be /, "expects a condition ");
      throw new UsageError(`--fail-on ${reason}${hint}${file}`);
    }
  });
}

const PADDINGS = ["zero", "circular", "valid"] as const;

/** Keys of --convolution with the option of the library that each sets. */
const GEOMETRY_KEYS: Readonly<Record<string, keyof LayerGeometry>> = {
  input: "inputSize",
  padding: "padding",
  stride: "stride",
  dilation: "dilation",
  groups: "groups",
  transposed: "transposed",
  "output-padding": "outputPadding",
};

interface Geometries {
  readonly convolution: LayerGeometry;
  readonly convolutions: Readonly<Record<string, LayerGeometry>>;
}

/** `--convolution input=32x32,stride=2 "up.*:transposed,stride=2"`: the part before the last colon names layers. */
function geometryOptions(parsed: ParsedArguments): Geometries {
  let convolution: LayerGeometry = {};
  const convolutions: Record<string, LayerGeometry> = {};
  for (const text of parsed.options.get("convolution") ?? []) {
    const colon = text.lastIndexOf(":");
    const geometry = parseGeometry(text.slice(colon + 1), text);
    if (colon < 0) convolution = { ...convolution, ...geometry };
    else convolutions[text.slice(0, colon)] = { ...convolutions[text.slice(0, colon)], ...geometry };
  }
  return { convolution, convolutions };
}

function parseGeometry(list: string, whole: string): LayerGeometry {
  const geometry: Record<string, unknown> = {};
  const fail = (reason: string): UsageError =>
    new UsageError(
      `--convolution expects [PATTERN:]KEY=VALUE,… with the keys ${Object.keys(GEOMETRY_KEYS).join(", ")}, got ${JSON.stringify(whole)}: ${reason}`,
    );
  for (const item of list.split(",")) {
    const [key = "", value, ...more] = item.trim().split("=");
    const option = Object.hasOwn(GEOMETRY_KEYS, key) ? GEOMETRY_KEYS[key] : undefined;
    if (option === undefined || more.length > 0) throw fail(`${JSON.stringify(item)} is not one of them`);
    if (option === "transposed") {
      if (value !== undefined && value !== "true" && value !== "false") throw fail("transposed takes true or false");
      geometry[option] = value !== "false";
    } else if (option === "padding" && PADDINGS.some((name) => name === value)) {
      geometry[option] = value;
    } else {
      const numbers = (value ?? "").split("x");
      if (!numbers.every((digits) => /^\d{1,9}$/.test(digits)))
        throw fail(`${key} takes ${option === "padding" ? `${PADDINGS.join(", ")} or ` : ""}integers such as 2 or 3x3`);
      geometry[option] = numbers.length === 1 ? Number(numbers[0]) : numbers.map(Number);
    }
  }
  return geometry;
}
