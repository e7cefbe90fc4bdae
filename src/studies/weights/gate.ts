import { type WeightComparison, type WeightReport, matchesPattern } from "../../checkpoints/index.js";
import { ArgumentError, type Tagged, describe } from "../../core/index.js";
import { comparisonMeasures, layerLabel, layerMeasures, totalMeasures } from "./measures.js";

/** How a value is compared with a limit. */
export type GateRelation = ">" | ">=" | "<" | "<=" | "=" | "!=";

/** A condition under which a checkpoint fails. */
export interface GateCondition {
  /** The condition as written. */
  readonly text: string;
  /** Layers it is about, "*" standing for any text; null for all. */
  readonly pattern: string | null;
  /** Name of the number. */
  readonly measure: string;
  /** Comparison. */
  readonly relation: GateRelation;
  /** Limit. */
  readonly limit: number;
}

/** What became of a condition. */
export interface GateOutcome {
  /** The condition. */
  readonly condition: GateCondition;
  /** Whether the checkpoint passes: the condition holds nowhere, and could be decided somewhere. */
  readonly passed: boolean;
  /** Where it holds, with the value. */
  readonly violations: readonly { readonly where: string; readonly value: number }[];
  /** Places where the number exists. */
  readonly decided: number;
  /** Places where it does not, with the reason. */
  readonly undecided: readonly { readonly where: string; readonly reason: string }[];
}

/** Names that a condition may use; those of a comparison only when two checkpoints are compared. */
export function gateMeasures(withComparison: boolean): readonly { readonly name: string; readonly help: string }[] {
  return [...layerMeasures, ...totalMeasures, ...(withComparison ? comparisonMeasures : [])].map(({ name, help }) => ({
    name,
    help,
  }));
}

/**
 * Reads a condition such as "spectralNorm>10" or "encoder.*:stableRank<2".
 *
 * @param text [PATTERN:]NAME RELATION NUMBER, with one of > >= < <= = !=
 * @param options.comparison whether names of a comparison may be used
 * @throws {ArgumentError} for another form, an unknown name (the message lists the names), or a limit that is no number
 *
 * @example
 * ```ts
 * import { gateCondition } from "eigenscope/studies";
 * const { measure, relation, limit } = gateCondition("spectralNorm > 10");
 * console.log(measure, relation, limit); // spectralNorm > 10
 * ```
 */
export function gateCondition(text: string, options: { readonly comparison?: boolean } = {}): GateCondition {
  const fail = (expected: string, got: string, remedy?: string): ArgumentError =>
    new ArgumentError({
      function: "gateCondition",
      argument: "condition",
      expected,
      got,
      ...(remedy === undefined ? {} : { remedy }),
    });
  const match =
    typeof text === "string"
      ? /^(?:(.+):)?\s*([A-Za-z_]\w*)\s*(>=|<=|!=|==|>|<|=)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?Infinity)\s*$/s.exec(
          text,
        )
      : null;
  if (match === null) {
    throw fail(
      'of the form [PATTERN:]NAME>NUMBER with one of > >= < <= = !=, such as "spectralNorm>10"',
      describe(text),
    );
  }
  const [, pattern, measure, relation, limit] = match;
  const known = gateMeasures(options.comparison === true).map(({ name }) => name);
  if (!known.includes(measure)) {
    const needsComparison = comparisonMeasures.some(({ name }) => name === measure);
    throw fail(
      `about one of ${known.join(", ")}`,
      JSON.stringify(measure),
      needsComparison ? "that number exists only when two checkpoints are compared" : undefined,
    );
  }
  if (pattern !== undefined && totalMeasures.some(({ name }) => name === measure))
    throw fail("without a pattern for a number of the whole checkpoint", JSON.stringify(text));
  return {
    text: text.trim(),
    pattern: pattern?.trim() ?? null,
    measure,
    relation: relation === "==" ? "=" : (relation as GateRelation),
    limit: Number(limit),
  };
}

/**
 * Judges a checkpoint by conditions.
 *
 * Relation: a condition fails where its comparison is true. Where the number is undefined (the operator norm of a dense
 * layer, a tail without fit) it is neither: such places are counted, and a condition that could be decided nowhere does not
 * pass, because a gate that tested nothing has shown nothing.
 *
 * @param comparison null unless two checkpoints are compared
 */
export function evaluateGate(
  conditions: readonly GateCondition[],
  report: WeightReport,
  comparison: WeightComparison | null = null,
): readonly GateOutcome[] {
  return conditions.map((condition) => evaluate(condition, report, comparison));
}

function evaluate(condition: GateCondition, report: WeightReport, comparison: WeightComparison | null): GateOutcome {
  const { relation, limit } = condition;
  const violations: { where: string; value: number }[] = [];
  const undecided: { where: string; reason: string }[] = [];
  let decided = 0;
  for (const { where, value } of valuesOf(condition, report, comparison)) {
    if (!value.defined) {
      undecided.push({ where, reason: value.reason });
      continue;
    }
    decided++;
    if (holds(value.value, relation, limit)) violations.push({ where, value: value.value });
  }
  return { condition, passed: violations.length === 0 && decided > 0, violations, decided, undecided };
}

function valuesOf(
  { measure, pattern }: GateCondition,
  report: WeightReport,
  comparison: WeightComparison | null,
): readonly { readonly where: string; readonly value: Tagged }[] {
  const total = totalMeasures.find(({ name }) => name === measure);
  if (total !== undefined) return [{ where: "whole checkpoint", value: total.value(report) }];
  const selected = <T extends { readonly name: string; readonly part: string | null }>(layers: readonly T[]): T[] =>
    layers.filter((layer) => pattern === null || matchesPattern(layer.name, pattern));
  const own = layerMeasures.find(({ name }) => name === measure);
  if (own !== undefined)
    return selected(report.layers).map((layer) => ({ where: layerLabel(layer), value: own.value(layer) }));
  const compared = comparisonMeasures.find(({ name }) => name === measure);
  if (compared === undefined || comparison === null) return [];
  return selected(comparison.layers).map((layer) => ({ where: layerLabel(layer), value: compared.value(layer) }));
}

function holds(value: number, relation: GateRelation, limit: number): boolean {
  switch (relation) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case "=":
      return value === limit;
    case "!=":
      return value !== limit;
  }
}
