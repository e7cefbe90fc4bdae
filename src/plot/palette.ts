import type { Color } from "./figure.js";

/** A shade for light and one for dark backgrounds. */
interface Shades {
  readonly light: string;
  readonly dark: string;
}

/** Backgrounds on which the shades were chosen. */
export const BACKGROUND: Shades = { light: "#ffffff", dark: "#14171c" };

/**
 * The palette, after Okabe and Ito: hues that stay apart under the common colour deficiencies, each darkened or
 * lightened until it has contrast 3:1 at least against its background (tested).
 */
export const PALETTE: Readonly<Record<Color, Shades>> = {
  blue: { light: "#0067a5", dark: "#5cb3ec" },
  vermilion: { light: "#cc4a00", dark: "#ff8f50" },
  green: { light: "#00805e", dark: "#2fcf9f" },
  purple: { light: "#a3487f", dark: "#e39cc6" },
  amber: { light: "#a67600", dark: "#ecc04a" },
  gray: { light: "#6b7280", dark: "#9aa3b0" },
  ink: { light: "#1a1d21", dark: "#e8eaed" },
};

/** Stops of the sequential scale of heat maps, dark to light with rising luminance; readable on both backgrounds. */
const SEQUENTIAL: readonly (readonly [number, number, number])[] = [
  [48, 18, 94],
  [65, 68, 135],
  [42, 120, 142],
  [34, 168, 132],
  [122, 209, 81],
  [253, 231, 37],
];

/** Colour of t in [0, 1] on the sequential scale, as #rrggbb. */
export function sequentialColor(t: number): string {
  const position = Math.min(1, Math.max(0, t)) * (SEQUENTIAL.length - 1);
  const index = Math.min(SEQUENTIAL.length - 2, Math.floor(position));
  const fraction = position - index;
  const [from, to] = [SEQUENTIAL[index]!, SEQUENTIAL[index + 1]!];
  const hex = from.map((channel, i) =>
    Math.round(channel + fraction * (to[i]! - channel))
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${hex.join("")}`;
}

/** Colour-scale stops as #rrggbb, for Vega-Lite. */
export function sequentialRange(): string[] {
  return SEQUENTIAL.map((_, i) => sequentialColor(i / (SEQUENTIAL.length - 1)));
}

/** The font stack of figures; widths in text-width.ts are those of its widest member. */
export const FONT = 'system-ui, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif' as const;

function declarations(theme: "light" | "dark"): string {
  const colors = Object.entries(PALETTE).map(([name, shades]) => `--es-${name}:${shades[theme]}`);
  const extra =
    theme === "light"
      ? [`--es-paper:${BACKGROUND.light}`, "--es-grid:#e3e6ea", "--es-axis:#8a919c", "--es-text:#3d434c"]
      : [`--es-paper:${BACKGROUND.dark}`, "--es-grid:#2b313a", "--es-axis:#79828f", "--es-text:#c3c9d1"];
  return [...colors, ...extra].join(";");
}

/**
 * The style sheet of figures: colour variables for light and dark, and the classes that the SVG uses.
 *
 * An SVG rendered with `standalone: false` needs it once on the page.
 */
export function figureStyle(): string {
  return [
    `.es-figure{${declarations("light")};font-family:${FONT};font-size:12px;fill:var(--es-text);background:var(--es-paper)}`,
    `@media (prefers-color-scheme:dark){.es-figure{${declarations("dark")}}}`,
    ".es-figure .es-title{font-size:15px;font-weight:600;fill:var(--es-ink)}",
    ".es-figure .es-heading{font-size:12.5px;font-weight:600;fill:var(--es-ink)}",
    ".es-figure .es-small{font-size:11px}",
    ".es-figure .es-grid{stroke:var(--es-grid);stroke-width:1}",
    ".es-figure .es-axis{stroke:var(--es-axis);stroke-width:1;fill:none}",
    ...Object.keys(PALETTE).flatMap((name) => [
      `.es-figure .es-stroke-${name}{stroke:var(--es-${name});fill:none}`,
      `.es-figure .es-fill-${name}{fill:var(--es-${name})}`,
    ]),
  ].join("\n");
}
