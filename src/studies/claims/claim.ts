import { type CancellationSignal, type Progress } from "../../core/index.js";
import type { Rng } from "../../random/index.js";

/** What the specs say of a statement of the source notes, written out. */
export type Verdict = "true" | "true with conditions" | "asymptotic" | "false" | "not testable";

/** How the numbers of a row come about: exact linear algebra, iterations with residuals, or seeded statistics. */
export type ClaimKind = "exact" | "iterative" | "statistical";

/** One number that a row checks. */
export interface Comparison {
  /** What is compared, in words. */
  readonly name: string;
  /** The number computed here and now. */
  readonly measured: number;
  /** The number it must equal within the tolerance, or the closed interval it must lie in. */
  readonly expected: number | { readonly minimum?: number; readonly maximum?: number };
  /** Absolute tolerance (added on both sides of an interval). */
  readonly tolerance: number;
  /**
   * What the source's own statement gives for this number, computed by the source's own formula. Present wherever
   * the source is wrong; put in the place of `measured`, it must fail the comparison.
   */
  readonly source?: number;
}

/** What a check may use. */
export interface ClaimContext {
  /** A stream of its own for each claim: forked by id, so that the selection of rows changes nothing. */
  readonly rng: Rng;
  /** Cancels long checks. */
  readonly signal?: CancellationSignal;
  /** Reports progress of long checks. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A row of the claims ledger: a statement of a source note, what is true of it, and the program that checks it. */
export interface ClaimDefinition {
  /** Id in the claim tables, such as "U05". */
  readonly id: string;
  /** The source's statement. */
  readonly statement: string;
  /** The correct statement. */
  readonly correct: string;
  /** Verdict on the source's statement. */
  readonly verdict: Verdict;
  /** Kind of evidence. */
  readonly kind: ClaimKind;
  /** Reason why there is no number, for rows that are "not testable". */
  readonly reason?: string;
  /** Computes the numbers. Rows that are "not testable" return an empty list. */
  readonly check: (context: ClaimContext) => readonly Comparison[];
}

/** One row of the result of `runClaims`. */
export interface ClaimRow {
  /** Id in the claim tables. */
  readonly id: string;
  /** The source's statement. */
  readonly statement: string;
  /** The correct statement. */
  readonly correct: string;
  /** Verdict on the source's statement. */
  readonly verdict: Verdict;
  /** Kind of evidence. */
  readonly kind: ClaimKind;
  /** The expected numbers, one per comparison; null for rows without a number. */
  readonly expected: readonly Comparison["expected"][] | null;
  /** The measured numbers, in the same order. */
  readonly measured: readonly number[] | null;
  /** Absolute tolerances, in the same order. */
  readonly tolerance: readonly number[] | null;
  /** All comparisons with their names and the source's own values. */
  readonly comparisons: readonly Comparison[];
  /** For false statements: true when the source's own values, substituted, make the row fail. Null where the source gives no number. */
  readonly sourceRefuted: boolean | null;
  /** Reason of a row without a number. */
  readonly reason: string | null;
  /** Whether every comparison holds and, where the source gives a wrong number, that number is refuted. */
  readonly passed: boolean;
}

/** True when a number satisfies the comparison; NaN never does. */
export function satisfies(comparison: Comparison, value: number): boolean {
  const { expected, tolerance } = comparison;
  if (typeof expected === "number") {
    return value === expected || Math.abs(value - expected) <= tolerance; // the first term: infinities
  }
  return value >= (expected.minimum ?? -Infinity) - tolerance && value <= (expected.maximum ?? Infinity) + tolerance;
}

/** Runs one definition and judges it. */
export function judge(definition: ClaimDefinition, context: ClaimContext): ClaimRow {
  const comparisons = definition.check(context);
  const { id, statement, correct, verdict, kind } = definition;
  const head = { id, statement, correct, verdict, kind };
  if (comparisons.length === 0) {
    const reason = definition.reason ?? null;
    return {
      ...head,
      expected: null,
      measured: null,
      tolerance: null,
      comparisons,
      sourceRefuted: null,
      reason,
      passed: verdict === "not testable" && reason !== null,
    };
  }
  const withSource = comparisons.filter((comparison) => comparison.source !== undefined);
  const sourceRefuted =
    withSource.length === 0 ? null : withSource.every((comparison) => !satisfies(comparison, comparison.source!));
  return {
    ...head,
    expected: comparisons.map((comparison) => comparison.expected),
    measured: comparisons.map((comparison) => comparison.measured),
    tolerance: comparisons.map((comparison) => comparison.tolerance),
    comparisons,
    sourceRefuted,
    reason: definition.reason ?? null,
    passed: comparisons.every((comparison) => satisfies(comparison, comparison.measured)) && sourceRefuted !== false,
  };
}
