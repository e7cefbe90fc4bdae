import { UsageError } from "./usage-error.js";

/** What may follow an option: nothing, one value, at most one value, or one or more values. */
export type ValueRule = "none" | "one" | "optional" | "many";

/** One option of a command. */
export interface OptionSpec {
  /** Name without dashes. */
  readonly name: string;
  /** What may follow. */
  readonly value: ValueRule;
  /** Placeholder of the value in the help text. */
  readonly placeholder: string;
  /** What it does, for the help text. */
  readonly help: string;
}

/** What stood on the command line. */
export interface ParsedArguments {
  /** Words that belong to no option. */
  readonly positionals: readonly string[];
  /** Values of the options given; an empty list for an option without a value. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads a command line by the command's list of options.
 *
 * `--name value`, `--name=value`; "--" ends the options. A value may not begin with "-" except "-" alone (a stream),
 * a negative number (which the option itself refuses, in its own words), and after "=".
 *
 * @throws {UsageError} for unknown, repeated or valueless options; unknown ones come with the nearest known name
 */
export function parseArguments(
  words: readonly string[],
  specs: readonly OptionSpec[],
  command: string,
): ParsedArguments {
  const positionals: string[] = [];
  const options = new Map<string, readonly string[]>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") {
      positionals.push(...words.slice(i + 1));
      break;
    }
    if (isValue(word)) {
      positionals.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--/, "");
    const spec = word.startsWith("--") ? specs.find((candidate) => candidate.name === name) : undefined;
    if (spec === undefined) throw new UsageError(unknownOption(word, specs, command));
    if (options.has(name)) throw new UsageError(`--${name} is given twice; expected at most once`);
    const values: string[] = equals < 0 ? [] : [word.slice(equals + 1)];
    if (spec.value === "none" && values.length > 0)
      throw new UsageError(`--${name} takes no value, got ${JSON.stringify(values[0])}`);
    if (equals < 0 && spec.value !== "none") {
      const most = spec.value === "many" ? Infinity : 1;
      while (values.length < most && isValue(words[i + 1] ?? "--")) values.push(words[++i]!);
    }
    // An empty value is a shell variable that was not set, also where a value may be left out.
    if (values.includes("") || (values.length === 0 && (spec.value === "one" || spec.value === "many"))) {
      throw new UsageError(missingValue(spec, values.length > 0 ? "" : words[i + 1]));
    }
    options.set(name, values);
  }
  return { positionals, options };
}

/** What to say when an option that needs a value is followed by an empty one, by another option or by nothing. */
function missingValue(spec: OptionSpec, next: string | undefined): string {
  const message = `--${spec.name} expects a value (${spec.placeholder})`;
  if (next === undefined) return `${message}, got nothing after it`;
  if (next === "") return `${message}, got ""`;
  const remedy = next.startsWith("--") ? "" : `; if ${next} is meant as the value, write --${spec.name}=${next}`;
  return `${message}, got the option ${next}${remedy}`;
}

/** Whether a word can be the value of an option: "-" stands for a stream, -1 is a number, other words with a dash are options. */
function isValue(word: string): boolean {
  return word === "-" || !word.startsWith("-") || /^-[.]?[0-9]/.test(word);
}

function unknownOption(word: string, specs: readonly OptionSpec[], command: string): string {
  const bare = word.replace(/^-+/, "").replace(/=.*/, "");
  const near = nearest(
    bare,
    specs.map((spec) => spec.name),
  );
  const known = specs.map((spec) => `--${spec.name}`).join(", ");
  const hint = near === null ? "." : `; did you mean --${near}?`;
  return `${JSON.stringify(word.replace(/=.*/, ""))} is not an option of "${command}"${hint} Expected one of ${known}`;
}

/** The candidate within two typing errors of a word, or null. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let least = 3;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < least && distance < candidate.length) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Reads an integer option; `fallback` when it is absent. */
export function integerOption(
  parsed: ParsedArguments,
  name: string,
  fallback: number,
  minimum: number,
  maximum: number,
): number {
  const text = parsed.options.get(name)?.[0];
  if (text === undefined) return fallback;
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!(Number.isSafeInteger(value) && value >= minimum && value <= maximum)) {
    const range = maximum === Number.MAX_SAFE_INTEGER ? `>= ${minimum}` : `in [${minimum}, ${maximum}]`;
    const exact = Number.isSafeInteger(value) || Number.isNaN(value) ? "" : ", which is too large to be exact";
    throw new UsageError(`--${name} expects an integer ${range}, got ${JSON.stringify(text)}${exact}`);
  }
  return value;
}
