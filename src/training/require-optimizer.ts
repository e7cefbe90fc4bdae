import { ArgumentError, describe } from "../core/index.js";
import type { Optimizer } from "./optimizer.js";

/** Checks that an optimiser was given and returns it. */
export function requireOptimizer(optimizer: unknown, caller: string): Optimizer {
  const candidate = optimizer as Partial<Optimizer> | null | undefined;
  if (typeof candidate?.start === "function") return candidate as Optimizer;
  throw new ArgumentError({
    function: caller,
    argument: "optimizer",
    expected: "an optimiser",
    got: describe(optimizer),
    remedy: "for example gradientDescent({ stepSize: 0.1 })",
  });
}
