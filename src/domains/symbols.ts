import { requireNumber, requireOneOf, pow } from "../core/index.js";

/**
 * Symbols of Sobolev operators. With ℓ the degree (or |k|) and ν the square root of the Laplacian's eigenvalue
 * (√(ℓ(ℓ + d − 2)) on the sphere, |k| or 2π|k| on the torus):
 * A (1 + ℓ)^{2s} (the weights of [yu2023]); B (1 + ν)^s; C (1 + ν²)^s; D (1 + ℓ)^s. Orders of the operators: A and C 2s, B and D s.
 */
export type SobolevSymbol = "A" | "B" | "C" | "D";

/** All symbols. */
export const sobolevSymbols: readonly SobolevSymbol[] = ["A", "B", "C", "D"];

/** σ_s of one mode, from its degree ℓ and the eigenvalue ν² of the negative Laplacian. */
export function symbolValue(symbol: SobolevSymbol, smoothness: number, degree: number, laplacian: number): number {
  switch (symbol) {
    case "A":
      return pow(1 + degree, 2 * smoothness);
    case "B":
      return pow(1 + Math.sqrt(laplacian), smoothness);
    case "C":
      return pow(1 + laplacian, smoothness);
    case "D":
      return pow(1 + degree, smoothness);
  }
}

/** Checks symbol and smoothness. */
export function requireSymbol(symbol: unknown, smoothness: unknown, caller: string): SobolevSymbol {
  requireNumber(smoothness, "smoothness", caller, -200, 200);
  return requireOneOf(symbol as SobolevSymbol, sobolevSymbols, "symbol", caller);
}
