import { normalCdf, normalPdf } from "../special/index.js";
import { solveQuantile } from "./law.js";

/** P(Z > x) for a standard normal, without cancellation in the tail. */
export function normalSurvival(x: number): number {
  return normalCdf(-x);
}

/** z with P(Z <= z) = p, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  return solveQuantile(p, -38, 38, normalCdf, normalPdf);
}
