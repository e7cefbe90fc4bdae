import { ArgumentError, NonFiniteError, OptionError, ShapeError } from "./errors.js";
import type { Matrix } from "./records.js";

/** Short text for a value in an error message: type and size rather than contents. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (typeof value === "string")
    return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const length = (value as unknown as { length?: number }).length ?? value.byteLength;
    const { name } = value.constructor;
    return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name} of length ${length}`;
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "object") {
    const { rows, cols } = value as { rows?: unknown; cols?: unknown };
    if (typeof rows === "number" && typeof cols === "number") return `${rows} x ${cols}`;
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty object" : `an object with keys ${keys.slice(0, 6).join(", ")}`;
  }
  return typeof value;
}

/**
 * Checks that an options argument is a plain object without unknown keys.
 *
 * @param presence "required" where some option has no default: undefined is refused too
 * @throws {OptionError} when a key is not among `known`; the message lists the known ones
 * @throws {ArgumentError} when options is not an object, or undefined where it may not be
 */
export function requireOptions(
  options: unknown,
  known: readonly string[],
  caller: string,
  presence: "optional" | "required" = "optional",
): void {
  if (options === undefined && presence === "optional") return;
  if (options === null || typeof options !== "object" || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw new ArgumentError({ function: caller, argument: "options", expected: "an object", got: describe(options) });
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError({
        function: caller,
        argument: `option "${key}"`,
        expected: known.length === 0 ? "absent (this function takes no options)" : `one of ${known.join(", ")}`,
        got: describe((options as Record<string, unknown>)[key]),
        remedy: "check the spelling",
      });
    }
  }
}

/**
 * Checks a choice among named alternatives and returns it.
 *
 * @throws {OptionError} when value is not among the choices
 */
export function requireOneOf<T extends string | number>(
  value: unknown,
  choices: readonly T[],
  argument: string,
  caller: string,
): T {
  if (!choices.includes(value as T)) {
    throw new OptionError({
      function: caller,
      argument,
      expected: `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`,
      got: describe(value),
    });
  }
  return value as T;
}

/**
 * Checks an integer in [minimum, maximum] and returns it.
 *
 * @throws {ArgumentError} when value is not an integer in the range
 */
export function requireInteger(
  value: unknown,
  argument: string,
  caller: string,
  minimum = 0,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < minimum || value > maximum) {
    const range =
      maximum === Number.MAX_SAFE_INTEGER ? `an integer >= ${minimum}` : `an integer in [${minimum}, ${maximum}]`;
    throw new ArgumentError({ function: caller, argument, expected: range, got: describe(value) });
  }
  return value;
}

/**
 * Checks a finite number in [minimum, maximum] and returns it.
 *
 * @throws {NonFiniteError} for NaN and infinities
 * @throws {ArgumentError} for other types and numbers out of range
 */
export function requireNumber(
  value: unknown,
  argument: string,
  caller: string,
  minimum: number = -Number.MAX_VALUE,
  maximum: number = Number.MAX_VALUE,
): number {
  const lower = minimum === -Number.MAX_VALUE ? null : minimum;
  const upper = maximum === Number.MAX_VALUE ? null : maximum;
  const above = minimum === Number.MIN_VALUE; // the least number above 0
  const range =
    lower === null && upper === null
      ? "a finite number"
      : lower === null
        ? `a finite number <= ${upper}`
        : upper === null
          ? `a finite number ${above ? "> 0" : `>= ${lower}`}`
          : `a number in ${above ? "(0" : `[${lower}`}, ${upper}]`;
  if (typeof value !== "number") {
    throw new ArgumentError({ function: caller, argument, expected: range, got: describe(value) });
  }
  if (!Number.isFinite(value)) {
    throw new NonFiniteError({ function: caller, argument, expected: range, got: describe(value) });
  }
  if (value < minimum || value > maximum) {
    throw new ArgumentError({ function: caller, argument, expected: range, got: describe(value) });
  }
  return value;
}

/**
 * Checks a finite number > 0 and returns it.
 *
 * @throws {NonFiniteError} for NaN and infinities
 * @throws {ArgumentError} for other types and numbers <= 0
 */
export function requirePositive(value: unknown, argument: string, caller: string): number {
  requireNumber(value, argument, caller);
  if (!((value as number) > 0)) {
    throw new ArgumentError({ function: caller, argument, expected: "a finite number > 0", got: describe(value) });
  }
  return value as number;
}

/**
 * Checks that every entry of a numeric array is finite; the message names the first offender.
 *
 * @throws {NonFiniteError} at the first NaN or infinity
 * @throws {ArgumentError} when it is no array
 */
export function requireFinite(values: ArrayLike<number>, argument: string, caller: string): void {
  if (typeof values?.length !== "number") {
    throw new ArgumentError({ function: caller, argument, expected: "an array of numbers", got: describe(values) });
  }
  // One pass without a branch per entry: x - x is 0 for finite x and NaN otherwise.
  // Four sums, so that no addition waits for the one before.
  let [a, b, c, d] = [0, 0, 0, 0];
  const { length } = values;
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! - values[i]!;
    b += values[i + 1]! - values[i + 1]!;
    c += values[i + 2]! - values[i + 2]!;
    d += values[i + 3]! - values[i + 3]!;
  }
  for (let i = whole; i < length; i++) a += values[i]! - values[i]!;
  if (a + b + c + d === 0) return;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new NonFiniteError({
        function: caller,
        argument,
        expected: "finite in every entry",
        got: `${String(values[i])} at index ${i}`,
        remedy: "remove or replace the entry",
      });
    }
  }
}

/**
 * Checks a Float64Array of a given length and returns it.
 *
 * @throws {ArgumentError} when it is not a Float64Array
 * @throws {ShapeError} when its length differs
 */
export function requireVector(value: unknown, length: number | null, argument: string, caller: string): Float64Array {
  if (!(value instanceof Float64Array)) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a Float64Array",
      got: describe(value),
      remedy: "convert with Float64Array.from",
    });
  }
  if (length !== null && value.length !== length) {
    throw new ShapeError({
      function: caller,
      argument,
      expected: `of length ${length}`,
      got: `length ${value.length}`,
    });
  }
  return value;
}

/**
 * Checks the record layout of a Matrix and returns it. Entries are not inspected.
 *
 * @throws {ArgumentError} when it is not a matrix record
 * @throws {ShapeError} when data.length differs from rows * cols
 */
export function requireMatrix(value: unknown, argument: string, caller: string): Matrix {
  const candidate = value as Partial<Matrix> | null | undefined;
  if (
    candidate === null ||
    typeof candidate !== "object" ||
    !Number.isInteger(candidate.rows) ||
    !Number.isInteger(candidate.cols) ||
    !(candidate.data instanceof Float64Array)
  ) {
    throw new ArgumentError({
      function: caller,
      argument,
      expected: "a Matrix { rows, cols, data: Float64Array }",
      got: describeRecord(value),
      remedy: "build one with fromRows or toMatrix",
    });
  }
  const { rows, cols, data } = candidate as Matrix;
  if (rows < 0 || cols < 0) {
    throw new ShapeError({ function: caller, argument, expected: "of rows, cols >= 0", got: `${rows} x ${cols}` });
  }
  if (data.length !== rows * cols) {
    throw new ShapeError({
      function: caller,
      argument,
      expected: `backed by rows * cols = ${rows * cols} numbers`,
      got: `${data.length} numbers for ${rows} x ${cols}`,
    });
  }
  return candidate as Matrix;
}

/** As {@link describe}; of a record that is nearly a matrix, what its fields hold. */
function describeRecord(value: unknown): string {
  const fields = Object(value) as Record<string, unknown>;
  if (!["rows", "cols", "data"].every((key) => key in fields)) return describe(value);
  const [rows, cols, data] = ["rows", "cols", "data"].map((key) => describe(fields[key]));
  return `${rows} x ${cols} with data that are ${data}`;
}

/**
 * Checks a square matrix and returns its order.
 *
 * @throws {ShapeError} when rows and cols differ
 */
export function requireSquare(value: unknown, argument: string, caller: string): number {
  const { rows, cols } = requireMatrix(value, argument, caller);
  if (rows !== cols) {
    throw new ShapeError({ function: caller, argument, expected: "square", got: `${rows} x ${cols}` });
  }
  return rows;
}
