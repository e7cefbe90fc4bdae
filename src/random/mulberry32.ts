import { requireInteger, requireOneOf, requireOptions, log, sin, cos } from "../core/index.js";

/** Conventions of the recipe that is replayed. */
export interface Mulberry32Options {
  /** How 32 bits become u: "midpoint" (x + 1/2)/2³² in (0, 1), "floor" x/2³² in [0, 1); the normals use log u, or log(1 − u). */
  readonly uniform?: "midpoint" | "floor";
  /** Box–Muller normals: "pair" uses the cosine, then the sine of one pair; "single" the cosine only. */
  readonly normals?: "pair" | "single";
}

/** A replay stream: numbers only, neither forks nor saved states. */
export interface ReplayRng {
  /** Uniform, by the chosen convention. */
  uniform(): number;
  /** Standard normal by Box–Muller. */
  normal(): number;
  /** The next 32 bits. */
  uint32(): number;
  /** n normals, for recipes that draw arrays. */
  normals(n: number): Float64Array;
}

/**
 * The 32-bit generator of the specs' recipes, for replaying published reference runs bit for bit.
 *
 * Only for replays: 2³² states are too few for statistics. Use createRng for everything else.
 * Normals go through Math.log, Math.cos and Math.sin: engines may differ in the last bit.
 *
 * @throws {ArgumentError} when the seed is not an integer in [0, 2^32)
 * @throws {OptionError} for unknown options or conventions
 */
export function mulberry32(seed: number, options: Mulberry32Options = {}): ReplayRng {
  requireInteger(seed, "seed", "mulberry32", 0, 2 ** 32 - 1);
  requireOptions(options, ["uniform", "normals"], "mulberry32");
  const convention = requireOneOf(options.uniform ?? "midpoint", ["midpoint", "floor"], "uniform", "mulberry32");
  const normals = requireOneOf(options.normals ?? "pair", ["pair", "single"], "normals", "mulberry32");
  let state = seed | 0;
  let spare: number | null = null; // the sine of the last pair
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const shift = convention === "midpoint" ? 0.5 : 0;
  const uniform = (): number => (uint32() + shift) / 2 ** 32;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const u1 = uniform();
    const radius = Math.sqrt(-2 * log(convention === "midpoint" ? u1 : 1 - u1));
    const angle = 2 * Math.PI * uniform();
    if (normals === "pair") spare = radius * sin(angle);
    return radius * cos(angle);
  };
  return { uniform, normal, uint32, normals: (n) => Float64Array.from({ length: n }, normal) };
}
