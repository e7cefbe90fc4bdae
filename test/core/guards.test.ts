import { expect, test } from "vitest";
import {
  ArgumentError,
  AsymmetricError,
  EigenscopeError,
  FormatError,
  NonFiniteError,
  NotConvergedError,
  OptionError,
  ResourceError,
  ShapeError,
  SingularError,
  UnsupportedError,
  defined,
  describe,
  isCancelled,
  requireConverged,
  requireFinite,
  requireInteger,
  requireMatrix,
  requireNumber,
  requireOneOf,
  requireOptions,
  requirePositive,
  requireSquare,
  requireVector,
  roundoffTolerance,
  undefinedBecause,
} from "../../src/core/index.js";

const details = { function: "f", argument: "x", expected: "good", got: "bad", remedy: "mend it" };

test("every error class carries its code, its name and the composed sentence", () => {
  const classes = [
    [ShapeError, "shape"],
    [ArgumentError, "argument"],
    [OptionError, "option"],
    [NonFiniteError, "non-finite"],
    [AsymmetricError, "asymmetric"],
    [SingularError, "singular"],
    [FormatError, "format"],
    [ResourceError, "resource"],
    [UnsupportedError, "unsupported"],
    [NotConvergedError, "not-converged"],
  ] as const;
  for (const [ErrorClass, code] of classes) {
    const error = new ErrorClass(details);
    expect(error).toBeInstanceOf(EigenscopeError);
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe(code);
    expect(error.name).toBe(ErrorClass.name);
    expect(error.message).toBe("f: x must be good, got bad; mend it");
    expect(error.details).toEqual(details);
  }
});

test("guards return what they checked and name what they refused", () => {
  expect(requireInteger(3, "n", "f", 1, 3)).toBe(3);
  expect(() => requireInteger(4, "n", "f", 1, 3)).toThrow("f: n must be an integer in [1, 3], got 4");
  expect(requireNumber(0.5, "x", "f", 0, 1)).toBe(0.5);
  expect(() => requireNumber(2, "x", "f", 0, 1)).toThrow("f: x must be a number in [0, 1], got 2");
  expect(() => requireNumber(-1, "x", "f", 0)).toThrow("f: x must be a finite number >= 0, got -1");
  expect(() => requireNumber(0, "x", "f", Number.MIN_VALUE)).toThrow("f: x must be a finite number > 0, got 0");
  expect(() => requireNumber(0, "x", "f", Number.MIN_VALUE, 1)).toThrow("f: x must be a number in (0, 1], got 0");
  expect(() => requireNumber(1, "x", "f", undefined, 0)).toThrow("f: x must be a finite number <= 0, got 1");
  expect(() => requireNumber(Number.NaN, "x", "f")).toThrow(NonFiniteError);
  expect(() => requireNumber("1", "x", "f")).toThrow(ArgumentError);
  expect(requirePositive(1e-300, "x", "f")).toBe(1e-300);
  expect(() => requirePositive(0, "x", "f")).toThrow("f: x must be a finite number > 0, got 0");
  expect(requireOneOf("a", ["a", "b"], "mode", "f")).toBe("a");
  expect(() => requireOneOf("c", ["a", "b"], "mode", "f")).toThrow('f: mode must be one of "a", "b", got "c"');
  expect(() => requireOptions({ tolerence: 1 }, ["tolerance"], "f")).toThrow(
    'f: option "tolerence" must be one of tolerance, got 1; check the spelling',
  );
  expect(() => requireOptions({ a: 1 }, [], "f")).toThrow(OptionError);
  expect(() => requireOptions([], ["a"], "f")).toThrow(ArgumentError);
  expect(requireOptions(undefined, [], "f")).toBeUndefined();
  expect(() => requireFinite([1, Number.NaN], "x", "f")).toThrow(
    "f: x must be finite in every entry, got NaN at index 1; remove or replace the entry",
  );
  expect(requireFinite(new Float64Array([1e308, -1e308]), "x", "f")).toBeUndefined();
  expect(() => requireVector([1, 2], 2, "x", "f")).toThrow(ArgumentError);
  expect(() => requireVector(new Float64Array(3), 2, "x", "f")).toThrow("f: x must be of length 2, got length 3");
  const A = { rows: 2, cols: 2, data: new Float64Array(4) };
  expect(requireMatrix(A, "A", "f")).toBe(A);
  expect(requireSquare(A, "A", "f")).toBe(2);
  expect(() => requireSquare({ rows: 2, cols: 3, data: new Float64Array(6) }, "A", "f")).toThrow(
    "f: A must be square, got 2 x 3",
  );
  expect(() => requireMatrix({ rows: 2, cols: 2, data: new Float64Array(3) }, "A", "f")).toThrow(ShapeError);
  expect(() => requireMatrix([[1]], "A", "f")).toThrow(ArgumentError);
});

test("values in messages are short: sizes instead of contents", () => {
  expect(describe(null)).toBe("null");
  expect(describe(undefined)).toBe("undefined");
  expect(describe([1, 2])).toBe("an array of length 2");
  expect(describe(new Float32Array(3))).toBe("a Float32Array of length 3");
  expect(describe({ rows: 2, cols: 3 })).toBe("2 x 3");
  expect(describe({ a: 1 })).toBe("an object with keys a");
  expect(describe({})).toBe("an empty object");
  expect(describe("x".repeat(100))).toBe("a string of 100 characters");
  expect(describe(() => 1)).toBe("a function");
});

test("requireConverged returns what converged and throws the whole story otherwise", () => {
  const report = {
    iterations: 5,
    matvecs: 9,
    tolerance: 1e-8,
    residualNorms: new Float64Array([1e-3, 2e-3]),
    advice: "raise krylovDimension",
  };
  const good = { ...report, status: "converged" as const };
  expect(requireConverged(good)).toBe(good);
  const nested = { convergence: good };
  expect(requireConverged(nested)).toBe(nested);
  expect(() => requireConverged({ ...report, status: "max-iterations" as const })).toThrow(
    'requireConverged: result must be converged to 1e-8, got status "max-iterations" after 5 iterations and 9 matvecs, largest residual norm 2.00e-3; raise krylovDimension',
  );
  expect(() => requireConverged({ convergence: { ...report, advice: null, status: "breakdown" as const } })).toThrow(
    NotConvergedError,
  );
});

test("tagged values, cancellation and tolerances are what they say", () => {
  expect(defined(3)).toEqual({ defined: true, value: 3 });
  expect(undefinedBecause("zero matrix")).toEqual({ defined: false, reason: "zero matrix" });
  expect(isCancelled(undefined)).toBe(false);
  expect(isCancelled({ aborted: true })).toBe(true);
  expect(isCancelled(new AbortController().signal)).toBe(false);
  expect(roundoffTolerance(4, 10, 2)).toBe(80 * 2 ** -52);
  expect(roundoffTolerance(1, 0, 1)).toBe(2 ** -52);
});
