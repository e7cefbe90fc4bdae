import { ArgumentError, describe } from "../core/index.js";

/** Checks a list of patterns. */
export function requirePatterns(value: unknown, argument: string, caller: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) return value;
  throw new ArgumentError({
    function: caller,
    argument,
    expected: "a non-empty list of names or patterns",
    got: describe(value),
  });
}

/** Whether a name matches a pattern in which "*" stands for any text; everything else is meant literally. */
export function matchesPattern(name: string, pattern: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return name === pattern;
  const [first, ...rest] = parts;
  const last = rest.pop()!;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  // The pieces between the stars in order, each as early as possible, before the last one.
  let at = first.length;
  const end = name.length - last.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
