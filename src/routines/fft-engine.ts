import { ARENA_START, createArena } from "./backend.js";
import { type FftPass, fftPass, fftTwiddles } from "./fft-passes.js";

/** A transform of fixed length over its own work space: fill `input`, call `run`, read what it returns. */
export interface FftEngine {
  /** Number of complex numbers in one transform. */
  readonly length: number;
  /** Transforms done at once; entry i of transform b lies at i·batch + b. */
  readonly batch: number;
  /** Interleaved complex work space, 2 · length · batch numbers. Destroyed by `run`. */
  readonly input: Float64Array;
  /** Transforms `input` with the sign e^{−2πi jk/n}, unnormalised. @returns interleaved result, valid until the next use */
  run(): Float64Array;
}

/**
 * Builds a Stockham transform of a length with the prime factors 2, 3, 5 and 7.
 *
 * @param length number of points
 * @param radices its factors among 2, 3, 4, 5, 7, in the order of the passes
 * @param batch number of interleaved transforms
 */
export function createFftEngine(length: number, radices: readonly number[], batch: number): FftEngine {
  const stages: Stage[] = [];
  let rest = length;
  let first = 0;
  for (const radix of radices) {
    const m = rest / radix;
    stages.push({ radix, first, span: (length / rest) * batch, m });
    first += 2 * (radix - 1) * m;
    rest = m;
  }
  const twiddles = fftTwiddles(length, radices);
  return (
    (length * batch >= SMALLEST_FAST ? wasmEngine(length, batch, stages, twiddles) : null) ??
    jsEngine(length, batch, stages, twiddles)
  );
}

/** One pass: its radix, where its twiddles begin, how many transforms it interleaves, length of what remains. */
interface Stage {
  readonly radix: number;
  readonly first: number;
  readonly span: number;
  readonly m: number;
}

/** Below this many points a memory of its own is not worth its 64 kB. */
const SMALLEST_FAST = 16;

function jsEngine(length: number, batch: number, stages: readonly Stage[], twiddles: Float64Array): FftEngine {
  const input = new Float64Array(2 * length * batch);
  const other = new Float64Array(2 * length * batch);
  const passes: FftPass[] = stages.map((stage) => fftPass(stage.radix));
  return {
    length,
    batch,
    input,
    run: () => {
      let from = input;
      let to = other;
      for (let i = 0; i < stages.length; i++) {
        passes[i](from, to, twiddles, stages[i].first, stages[i].span, stages[i].m);
        [from, to] = [to, from];
      }
      return from;
    },
  };
}

/** The same passes over a memory of its own: twiddles, then two work spaces. */
function wasmEngine(length: number, batch: number, stages: readonly Stage[], twiddles: Float64Array): FftEngine | null {
  const size = 2 * length * batch;
  const arena = createArena(twiddles.length + 2 * size);
  if (arena === null) return null;
  const { functions, values } = arena;
  const table = ARENA_START / 8;
  values.set(twiddles, table);
  const inputAt = table + twiddles.length;
  const otherAt = inputAt + size;
  const input = values.subarray(inputAt, inputAt + size);
  const other = values.subarray(otherAt, otherAt + size);
  return {
    length,
    batch,
    input,
    run: () => {
      let from = 8 * inputAt;
      let to = 8 * otherAt;
      for (const { radix, first, span, m } of stages) {
        const w = 8 * (table + first);
        if (radix === 4) functions.pass4(from, to, w, span, m);
        else if (radix === 2) functions.pass2(from, to, w, span, m);
        else if (radix === 3) functions.pass3(from, to, w, span, m);
        else if (radix === 5) functions.pass5(from, to, w, span, m);
        else functions.pass7(from, to, w, span, m);
        [from, to] = [to, from];
      }
      return from === 8 * inputAt ? input : other;
    },
  };
}
