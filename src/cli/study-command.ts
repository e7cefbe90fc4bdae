import { join } from "node:path";
import { htmlReport, jsonReport, textReport } from "../report/index.js";
import type { SpectralStudyOptions } from "../studies/index.js";
import { type ParsedArguments, integerOption, nearest } from "./arguments.js";
import { DEFAULT_FOLDER, DEFAULT_SEED } from "./commands.js";
import { executeJob } from "./execute-job.js";
import { EXIT } from "./exit-codes.js";
import type { Host } from "./host.js";
import { readIdxPair } from "./idx-files.js";
import { createOutputFiles } from "./output-files.js";
import { UsageError } from "./usage-error.js";

const STUDIES = ["spectral"] as const;

/** `eigenscope study`: runs a study, shows it as text, and writes JSON and HTML. */
export async function studyCommand(parsed: ParsedArguments, host: Host): Promise<number> {
  const [study = "spectral", ...others] = parsed.positionals;
  if (!STUDIES.includes(study as (typeof STUDIES)[number])) {
    const near = nearest(study, STUDIES);
    throw new UsageError(
      `${JSON.stringify(study)} is not a study${near === null ? "" : ` (did you mean ${near}?)`}; expected one of ${STUDIES.join(", ")}`,
    );
  }
  if (others.length > 0)
    throw new UsageError(`"eigenscope study ${study}" takes no further words, got ${JSON.stringify(others[0])}`);
  const seed = integerOption(parsed, "seed", DEFAULT_SEED, 0, Number.MAX_SAFE_INTEGER);
  const places = outputPlaces(parsed);
  const files = createOutputFiles();
  try {
    const { options, input } = await studyInput(parsed);
    for (const path of [places.json, places.html]) if (path !== null) files.reserve(path);
    const job = { kind: "spectral-study", seed, options, input, versions: host.versions } as const;
    const { result, cancelled } = await executeJob(job, host, parsed.options.has("quiet"));
    if (result.kind !== "spectral-study") throw new Error("a study job gave another result");
    const { report } = result;
    if (places.json !== null) files.write(places.json, jsonReport(report));
    if (places.html !== null) files.write(places.html, htmlReport(report));
    host.stdout.write(
      places.jsonToStdout ? jsonReport(report) : textReport(report, { width: Math.max(40, host.stdout.columns) }),
    );
    const written = [places.json, places.html].filter((path) => path !== null);
    if (written.length > 0) host.stderr.write(`written: ${written.join(", ")}\n`);
    return cancelled ? EXIT.interrupted : EXIT.fine;
  } finally {
    files.discard();
  }
}

interface OutputPlaces {
  readonly json: string | null;
  readonly html: string | null;
  readonly jsonToStdout: boolean;
}

function outputPlaces(parsed: ParsedArguments): OutputPlaces {
  const json = parsed.options.get("json");
  const html = parsed.options.get("html")?.[0] ?? null;
  const jsonToStdout = json !== undefined && (json.length === 0 || json[0] === "-");
  const jsonFile = jsonToStdout ? null : (json?.[0] ?? null);
  const named = json !== undefined || html !== null;
  const folder = parsed.options.get("out")?.[0] ?? (named ? null : DEFAULT_FOLDER);
  return {
    json: jsonFile ?? (folder === null ? null : join(folder, "study.json")),
    html: html ?? (folder === null ? null : join(folder, "study.html")),
    jsonToStdout,
  };
}

async function studyInput(
  parsed: ParsedArguments,
): Promise<{ readonly options: SpectralStudyOptions; readonly input: string }> {
  const train = parsed.options.get("data")?.[0];
  const test = parsed.options.get("test")?.[0];
  const given = parsed.options.get("subset") !== undefined;
  const subset = given ? { subset: integerOption(parsed, "subset", 0, 20, 1_000_000) } : {};
  if (train === undefined) {
    if (test !== undefined) throw new UsageError(`--test expects --data beside it, got --test ${test} alone`);
    return { options: subset, input: "generated teacher–student problem" };
  }
  const images = await readIdxPair(train, "--data");
  const testImages = test === undefined ? null : await readIdxPair(test, "--test");
  const words = [images, testImages].flatMap((pair, i) =>
    pair === null ? [] : [`${i === 0 ? "train" : "test"} ${pair.prefix}: ${pair.images.shape.join(" x ")}`],
  );
  return {
    options: { ...subset, images: images.data, ...(testImages === null ? {} : { testImages: testImages.data }) },
    input: `IDX files, ${words.join("; ")}`,
  };
}
