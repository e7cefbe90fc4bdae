import { formatNumber } from "../../plot/index.js";

/** A share as a percentage, kept on one line. */
export function percent(share: number, digits = 3): string {
  return `${formatNumber(100 * share, digits)}\u00a0%`;
}
