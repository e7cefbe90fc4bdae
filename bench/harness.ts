// A benchmark supports a claim. A case names the claim, its inputs and its contenders; the harness times them
// interleaved in one process, checks that all computed the same thing, and reports medians, spreads and ratios.
import { cpus } from "node:os";

/** One way to do the task. */
export interface Contender {
  /** Package and version, or "eigenscope". */
  readonly name: string;
  /** Does the work once and returns a checksum of the result: one or more numbers that must agree between contenders. */
  readonly run: () => readonly number[] | Promise<readonly number[]>;
  /** Seconds of one run when it is timed elsewhere (native code in another process); then `run` gives the checksum only. */
  readonly seconds?: () => number | Promise<number>;
}

/** A benchmark case. */
export interface BenchCase {
  /** Name typed after `npm run bench --`. */
  readonly name: string;
  /** The claim that the numbers support or refute, as one sentence. */
  readonly claim: string;
  /** What is measured: sizes and the kind of input. */
  readonly input: string;
  /** Contenders; ours first. Contenders that are not installed are left out and named in `missing`. */
  readonly contenders: () => Promise<{
    readonly contenders: readonly Contender[];
    readonly missing: readonly string[];
  }>;
  /** Relative agreement asked of the checksums. */
  readonly checksumTolerance: number;
  /** Floating-point operations of one run, for a rate; absent where it has no meaning. */
  readonly flops?: number;
  /** Interleaved rounds (default 5). */
  readonly rounds?: number;
}

/** A contender that is too expensive to run twice: the run that gives the checksum is the one that is timed. */
export function once(name: string, run: () => readonly number[]): Contender {
  let seconds = 0;
  return {
    name,
    run: () => {
      const start = performance.now();
      const checksum = run();
      seconds = (performance.now() - start) / 1000;
      return checksum;
    },
    seconds: () => seconds,
  };
}

/** Timing of one contender. */
export interface Timing {
  readonly name: string;
  readonly medianSeconds: number;
  readonly minimumSeconds: number;
  readonly maximumSeconds: number;
  readonly gigaflops: number | null;
  /** Median time of ours divided by the median time of this one: below 1 we are faster. */
  readonly ratio: number;
  readonly checksum: readonly number[];
}

/** One JSON line. */
export interface BenchResult {
  readonly case: string;
  readonly claim: string;
  readonly input: string;
  readonly machine: string;
  readonly rounds: number;
  readonly timings: readonly Timing[];
  /** Contenders that are not installed here: not measured, never a pass. */
  readonly notMeasured: readonly string[];
}

/** Node, processor and cores in one line. */
export function machineLine(): string {
  const processors = cpus();
  return `Node ${process.version}, ${processors[0]?.model.trim() ?? "unknown processor"}, ${processors.length} cores`;
}

/** Runs one case; throws when a contender computed something else than ours. */
export async function runCase(definition: BenchCase): Promise<BenchResult> {
  const { contenders, missing } = await definition.contenders();
  const rounds = definition.rounds ?? 5;
  const times = contenders.map((): number[] => []);
  const checksums: (readonly number[])[] = [];
  for (const contender of contenders) checksums.push(await contender.run()); // warm-up, not timed
  for (let i = 1; i < contenders.length; i++)
    compareChecksums(definition, contenders[i]!.name, checksums[0]!, checksums[i]!);
  for (let round = 0; round < rounds; round++) {
    // Rotate the order, so that no contender always runs in the other's cache shadow.
    for (let step = 0; step < contenders.length; step++) {
      const index = (step + round) % contenders.length;
      const contender = contenders[index]!;
      if (contender.seconds) {
        times[index]!.push(await contender.seconds());
        continue;
      }
      times[index]!.push(await timed(contender));
    }
  }
  const medians = times.map(median);
  const timings = contenders.map(({ name }, i): Timing => ({
    name,
    medianSeconds: medians[i]!,
    minimumSeconds: Math.min(...times[i]!),
    maximumSeconds: Math.max(...times[i]!),
    gigaflops: definition.flops === undefined ? null : definition.flops / medians[i]! / 1e9,
    ratio: medians[0]! / medians[i]!,
    checksum: checksums[i]!,
  }));
  const { name, claim, input } = definition;
  return { case: name, claim, input, machine: machineLine(), rounds, timings, notMeasured: missing };
}

/** A run longer than this (seconds) is timed once: what lay in the caches before no longer matters to it. */
const SHORT_RUN = 0.25;

/**
 * Seconds of one run, as native.ts times the peers in the other process: the first run finds the caches full of another
 * contender's data; unless it is long, it only warms them, and the median of three more counts.
 */
async function timed(contender: Contender): Promise<number> {
  const once = async (): Promise<number> => {
    const start = performance.now();
    await contender.run();
    return (performance.now() - start) / 1000;
  };
  const first = await once();
  return first > SHORT_RUN ? first : median([await once(), await once(), await once()]);
}

/** Middle of the sorted values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function compareChecksums(
  definition: BenchCase,
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
): void {
  const scale = Math.max(...ours.map(Math.abs), Number.MIN_VALUE);
  const differ =
    ours.length !== theirs.length ||
    ours.some((value, i) => !(Math.abs(value - theirs[i]!) <= definition.checksumTolerance * scale));
  if (differ) {
    throw new Error(
      `bench ${definition.name}: ${name} computed [${theirs.join(", ")}], eigenscope [${ours.join(", ")}]: the times would compare different things`,
    );
  }
}
