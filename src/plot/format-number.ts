const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Writes an integer in superscript digits. */
export function superscript(value: number): string {
  return String(value).replace(/[-0-9]/g, (digit) => (digit === "-" ? "⁻" : SUPERSCRIPTS[Number(digit)]!));
}

/**
 * Writes a number for people: plain between 10⁻³ and 10⁵, else with a power of ten, with a true minus sign.
 *
 * @param value any number; infinities are written ∞, NaN as "undefined"
 * @param digits significant digits
 *
 * @example
 * ```ts
 * import { formatNumber } from "eigenscope/plot";
 * console.log(formatNumber(0.000123456)); // 1.235×10⁻⁴
 * console.log(formatNumber(-42)); // −42
 * ```
 */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (Number.isInteger(magnitude) && magnitude < 1e6) return `${sign}${magnitude}`;
  // toExponential rounds first, so that 99999.9 becomes 10⁵ rather than 100000 in plain form.
  const [mantissa, exponent] = magnitude.toExponential(digits - 1).split("e") as [string, string];
  const power = Number(exponent);
  if (power >= -3 && power < 5)
    return sign + trimZeros(Number(`${mantissa}e${power}`).toFixed(Math.max(0, digits - 1 - power)));
  const factor = trimZeros(mantissa);
  return `${sign}${factor === "1" ? "" : `${factor}×`}10${superscript(power)}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
