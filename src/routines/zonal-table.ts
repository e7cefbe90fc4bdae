import { ArgumentError, describe, requireInteger, requirePositive } from "../core/index.js";

/**
 * A kernel of directions: its value at the pair with sin(θ/2) = sine, or with θ replaced by π − θ where `opposite` is true.
 * Taking the smaller of the two half angles keeps the relative accuracy of both ends.
 */
export type ZonalProfile = (sine: number, opposite: boolean) => number;

/** Below this 1 − |cos θ| the angle is taken from the difference (or sum) of the two unit vectors. */
export const NEAR: number = 1 / 128;
/** Coefficients of one piece: degree 7. */
const PIECE = 8;
/** Octaves of 1 − |cos θ| from NEAR to 1, each of 2^WIDE_BITS pieces; and the piece that begins at 1. */
const WIDE_BITS = 5;
const WIDE_FIRST = (1023 - 7) << WIDE_BITS;
/** Coefficients of one side (angles up to π/2, angles beyond) of the wide pieces. */
export const WIDE_SIDE: number = ((7 << WIDE_BITS) + 1) * PIECE;
/** The sines of pairs end at √½ = 0.7071…, whose square may round up; the last piece ends at √(33/64) = 0.718. */
const LARGEST_SINE = 0.71;
/** Pieces per octave of sine + shift, as a number of bits. */
const CLOSE_BITS = 6;

/** A zonal kernel as a table of polynomials, filled in as pairs ask for it. */
export interface ZonalTable {
  /** The kernel itself. */
  readonly profile: ZonalProfile;
  /** Close pieces are spaced in proportion to sine + 2^−octaves. */
  readonly octaves: number;
  /** Absolute error allowed to a piece; where it is missed the profile is evaluated directly. */
  readonly tolerance: number;
  /** c₀ … c₇ of the pieces in 1 − |cos θ| >= 1/128, WIDE_SIDE numbers per side; NaN where not built or never to be. */
  readonly wide: Float64Array;
  /** The same in the sine of the half angle, for closer pairs. */
  readonly close: Float64Array;
  /** Indices in `wide` of the pieces built so far, in that order. */
  readonly built: number[];
  /** Pieces (index in `wide`, or −1 − index in `close`) that no polynomial represents within tolerance. */
  readonly direct: Set<number>;
}

/**
 * Prepares the fast evaluation of a zonal kernel at many pairs.
 *
 * Relation: on each piece the polynomial of degree 7 interpolates the profile at the Chebyshev points of the piece, and is
 * checked against it at both ends and in the middle. Profiles of networks are analytic in the half angle: in the cosine
 * with branch points at ±1 only, so pieces in proportion to 1 − |cos θ| serve all but the closest pairs at every depth; and
 * in the sine of the half angle with singularities at a distance of about 1/depth from 0, which serves those.
 *
 * @param profile the kernel of a pair, from the sine of half its angle or half its supplement, in [0, 0.72]
 * @param octaves 2^−octaves is about the distance of the profile's nearest singularity from sine 0; an integer in [2, 20]
 * @param tolerance absolute error allowed; pieces that miss it (a profile with a kink) are evaluated pair by pair
 * @throws {ArgumentError} for arguments out of range
 *
 * Accuracy: the tolerance at the three check points of each piece, and the rounding of the profile. Cost: 11 values of the
 * profile per piece that some pair needs; there are 225 and at most 1,100 for the closest pairs, per side.
 * @example
 * ```ts
 * import { createZonalTable, zonalValue } from "eigenscope/routines";
 * const table = createZonalTable((s, opposite) => (opposite ? 2 * s * s - 1 : 1 - 2 * s * s), 2, 1e-15);
 * console.log(zonalValue(table, 0.5, false).toFixed(12)); // 0.500000000000
 * ```
 */
export function createZonalTable(profile: ZonalProfile, octaves: number, tolerance: number): ZonalTable {
  const caller = "createZonalTable";
  if (typeof profile !== "function") {
    const expected = "a function of a sine and a side";
    throw new ArgumentError({ function: caller, argument: "profile", expected, got: describe(profile) });
  }
  requireInteger(octaves, "octaves", caller, 2, 20);
  requirePositive(tolerance, "tolerance", caller);
  return {
    profile,
    octaves,
    tolerance,
    wide: new Float64Array(2 * WIDE_SIDE).fill(Number.NaN),
    close: new Float64Array(2 * closeSide(octaves)).fill(Number.NaN),
    built: [],
    direct: new Set(),
  };
}

/** Coefficients of one side of the close pieces: sines from 0 to 1/16, that is sine + shift below 2 max(shift, 1/16). */
function closeSide(octaves: number): number {
  return (Math.max(octaves - 4, 0) + 1) * (PIECE << CLOSE_BITS);
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Index of the word with sign and exponent. */
const HIGH: number = words[1] !== 0 ? 1 : 0;

/**
 * Evaluates a table at one pair, building the piece if it is the first to need it.
 *
 * @param table from {@link createZonalTable}
 * @param sine sin(θ/2), or sin((π − θ)/2) with `opposite`, in [0, √½]; NaN where it is outside
 * @param opposite whether the supplement is meant
 */
export function zonalValue(table: ZonalTable, sine: number, opposite: boolean): number {
  // Beyond its last piece a side of the table would be continued on the other side.
  if (!(sine >= 0 && sine <= LARGEST_SINE)) return Number.NaN;
  const below = 2 * sine * sine;
  return below >= NEAR ? wideValue(table, below, opposite) : closeValue(table, sine, opposite);
}

/** The value at 1 − |cos θ| = below in [NEAR, 1]; the WebAssembly routine computes the same. */
export function wideValue(table: ZonalTable, below: number, opposite: boolean): number {
  const c = table.wide;
  double[0] = below;
  const piece = (words[HIGH] >>> (20 - WIDE_BITS)) - WIDE_FIRST;
  const left = leftEnd(WIDE_BITS);
  const at = (opposite ? WIDE_SIDE : 0) + piece * PIECE;
  if (Number.isNaN(c[at])) {
    const { profile } = table;
    const ofBelow = (v: number): number => profile(Math.sqrt(0.5 * v), opposite);
    if (!table.direct.has(at)) {
      if (build(table, ofBelow, c, at, left, pieceWidth(left, WIDE_BITS))) table.built.push(at);
      else table.direct.add(at);
    }
    if (Number.isNaN(c[at])) return ofBelow(below);
  }
  return polynomial(c, at, below - left);
}

/** The value at a sine below 1/16. */
function closeValue(table: ZonalTable, sine: number, opposite: boolean): number {
  const { close: c, octaves, profile } = table;
  const shift = 1 / (1 << octaves);
  double[0] = sine + shift;
  const piece = (words[HIGH] >>> (20 - CLOSE_BITS)) - ((1023 - octaves) << CLOSE_BITS);
  const shifted = leftEnd(CLOSE_BITS);
  const left = shifted - shift;
  const at = (opposite ? closeSide(octaves) : 0) + piece * PIECE;
  if (Number.isNaN(c[at])) {
    const ofSine = (s: number): number => profile(s, opposite);
    const own = -1 - at;
    if (!table.direct.has(own) && !build(table, ofSine, c, at, left, pieceWidth(shifted, CLOSE_BITS)))
      table.direct.add(own);
    if (Number.isNaN(c[at])) return profile(sine, opposite);
  }
  return polynomial(c, at, sine - left);
}

/** The number in `double` with all mantissa bits below the first `bits` cleared. */
function leftEnd(bits: number): number {
  words[HIGH] &= ~((1 << (20 - bits)) - 1);
  words[1 - HIGH] = 0;
  return double[0];
}

/** Width of the piece that begins at x: its power of two over 2^bits. */
function pieceWidth(x: number, bits: number): number {
  double[0] = x;
  return leftEnd(0) / (1 << bits);
}

/** Even and odd part by Horner in y²: the order of the vector routine, where one lane holds each. */
function polynomial(c: Float64Array, at: number, y: number): number {
  const z = y * y;
  const even = ((c[at + 6] * z + c[at + 4]) * z + c[at + 2]) * z + c[at];
  const odd = ((c[at + 7] * z + c[at + 5]) * z + c[at + 3]) * z + c[at + 1];
  return even + y * odd;
}

/** cos(π m/16), m = 0 … 8. */
const COSINES: readonly number[] = [
  1, 0.9807852804032304, 0.9238795325112867, 0.8314696123025452, 0.7071067811865476, 0.5555702330196022,
  0.3826834323650898, 0.19509032201612828, 0,
];

/** cos(π m/16) for any integer m >= 0. */
function cosineOf(m: number): number {
  const r = m % 32;
  const folded = r > 16 ? 32 - r : r;
  return folded > 8 ? -COSINES[16 - folded] : COSINES[folded];
}

/** Integer coefficients of the Chebyshev polynomials of [0, 1], degree 0 … 7. */
const SHIFTED: readonly (readonly number[])[] = /* @__PURE__ */ shiftedChebyshev();

function shiftedChebyshev(): number[][] {
  const rows = [
    [1, 0, 0, 0, 0, 0, 0, 0],
    [-1, 2, 0, 0, 0, 0, 0, 0],
  ];
  for (let k = 2; k < PIECE; k++) {
    rows.push(rows[k - 1].map((own, i) => 4 * (i > 0 ? rows[k - 1][i - 1] : 0) - 2 * own - rows[k - 2][i]));
  }
  return rows;
}

/** Interpolates f on [left, left + width], width a power of two, at c[at …]; NaN and false when the polynomial misses f. */
function build(
  { tolerance }: ZonalTable,
  f: (x: number) => number,
  c: Float64Array,
  at: number,
  left: number,
  width: number,
): boolean {
  const values: number[] = [];
  for (let j = 0; j < PIECE; j++) values.push(f(left + width * (0.5 + 0.5 * cosineOf(2 * j + 1))));
  // Chebyshev coefficients first: each carries the rounding of the values once. They fall so fast that the passage to
  // powers, whose integers reach 2^17, loses nothing.
  c.fill(0, at, at + PIECE);
  for (let k = 0; k < PIECE; k++) {
    let sum = 0;
    for (let j = 0; j < PIECE; j++) sum += values[j] * cosineOf(k * (2 * j + 1));
    const coefficient = (sum * (k === 0 ? 1 : 2)) / PIECE;
    for (let i = 0; i <= k; i++) c[at + i] += coefficient * SHIFTED[k][i];
  }
  // At angle 0 the kernel is often known exactly, and coincident points should get that value.
  if (left === 0) c[at] = f(0);
  for (let i = 1, scale = 1 / width; i < PIECE; i++, scale /= width) c[at + i] *= scale;
  for (const y of [0, width / 2, width]) {
    if (Math.abs(polynomial(c, at, y) - f(left + y)) <= tolerance) continue;
    c.fill(Number.NaN, at, at + PIECE);
    return false;
  }
  return true;
}
