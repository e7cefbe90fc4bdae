import type { LongRunning } from "../../core/index.js";
import type { Rng } from "../../random/index.js";
import { type Comparison, satisfies } from "../claims/claim.js";

/** Ids of the recipes: the first experiments, failure signatures and open questions of the note. */
export type RecipeId =
  | "E1"
  | "E2"
  | "E3"
  | "E4"
  | "E5"
  | "E6"
  | "E7"
  | "E8"
  | "E9"
  | "E10"
  | "E11"
  | "E12"
  | "E13"
  | "E14"
  | "E15"
  | "E16"
  | "E17"
  | "E18"
  | "E19"
  | "E20"
  | "E21";

/** A curve of a recipe, for its figure. */
export interface RecipeSeries {
  /** What the curve is. */
  readonly name: string;
  /** Abscissae. */
  readonly x: readonly number[];
  /** Ordinates. */
  readonly y: readonly number[];
}

/** The figure of a recipe as data. */
export interface RecipeFigure {
  /** Title. */
  readonly title: string;
  /** Label of the abscissa, with units. */
  readonly xLabel: string;
  /** Label of the ordinate. */
  readonly yLabel: string;
  /** Scale of the abscissa. */
  readonly xScale: "linear" | "log";
  /** Scale of the ordinate. */
  readonly yScale: "linear" | "log";
  /** The curves. */
  readonly series: readonly RecipeSeries[];
}

/** The table of a recipe. */
export interface RecipeTable {
  /** Column heads. */
  readonly columns: readonly string[];
  /** Rows of texts and numbers. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Record of one recipe. */
export interface RecipeRecord {
  /** Id. */
  readonly id: RecipeId;
  /** Title. */
  readonly title: string;
  /** What is asked. */
  readonly question: string;
  /** The answer in one sentence. */
  readonly answer: string;
  /** Numbers with what was expected of them. */
  readonly comparisons: readonly Comparison[];
  /** Whether every number is as expected. */
  readonly passed: boolean;
  /** Results as a table. */
  readonly table: RecipeTable;
  /** Results as a figure. */
  readonly figure: RecipeFigure;
}

/** What a recipe may use. */
export interface RecipeContext extends LongRunning {
  /** Randomness beyond the replayed seeds of the recipe itself. */
  readonly rng: Rng;
}

/** A recipe: a pure function from its context to its record. */
export interface Recipe {
  /** Id. */
  readonly id: RecipeId;
  /** Title. */
  readonly title: string;
  /** Runs it. */
  readonly run: (context: RecipeContext) => RecipeRecord;
}

/** A number that must equal another within an absolute tolerance. */
export function equals(
  name: string,
  measured: number,
  expected: number,
  tolerance: number,
  source?: number,
): Comparison {
  return { name, measured, expected, tolerance, ...(source === undefined ? {} : { source }) };
}

/** A number that must not exceed a bound. */
export function atMost(name: string, measured: number, maximum: number, source?: number): Comparison {
  return { name, measured, expected: { maximum }, tolerance: 0, ...(source === undefined ? {} : { source }) };
}

/** A number that must reach a bound. */
export function atLeast(name: string, measured: number, minimum: number, source?: number): Comparison {
  return { name, measured, expected: { minimum }, tolerance: 0, ...(source === undefined ? {} : { source }) };
}

/** Assembles a record and judges it. */
export function recipeRecord(parts: Omit<RecipeRecord, "passed">): RecipeRecord {
  return {
    ...parts,
    passed:
      parts.comparisons.length > 0 &&
      parts.comparisons.every((comparison) => satisfies(comparison, comparison.measured)),
  };
}

/** Entries of a vector as plain numbers. */
export function numbers(values: ArrayLike<number>): number[] {
  return Array.from(values);
}
