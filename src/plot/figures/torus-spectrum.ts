import { type Color, type Figure, type Mark, type Shape, requireInput } from "../figure.js";
import { formatNumber } from "../format-number.js";

/** Spectra of a kernel on a torus grid, weighted by Sobolev symbols. */
export interface TorusSpectrumInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Length |k| of each frequency. */
  readonly frequencies: ArrayLike<number>;
  /** One spectrum for each smoothness s, in the order of the frequencies. */
  readonly series: readonly { readonly smoothness: number; readonly values: ArrayLike<number> }[];
}

const STYLES: readonly (readonly [Color, Shape])[] = [
  ["blue", "circle"],
  ["vermilion", "triangle"],
  ["green", "square"],
  ["purple", "diamond"],
  ["amber", "cross"],
];

/**
 * Shows Sobolev-weighted kernel eigenvalues against the length of the frequency; frequency zero is drawn at 1/2, so that it has a place.
 *
 * @example
 * ```ts
 * import { torusSpectrum } from "eigenscope/plot";
 * const figure = torusSpectrum({ id: "torus", title: "Torus", frequencies: [0, 1], series: [{ smoothness: 0, values: [1, 0.5] }] });
 * console.log(figure.panels[0].marks.length); // 1
 * ```
 */
export function torusSpectrum(input: TorusSpectrumInput): Figure {
  requireInput(input, ["frequencies", "series"], "torusSpectrum");
  const x = Array.from(input.frequencies, (length) => (length === 0 ? 0.5 : length));
  const marks: Mark[] = input.series.map(({ smoothness, values }, i) => {
    const [color, shape] = STYLES[i % STYLES.length]!;
    return {
      kind: "points",
      x,
      y: Array.from(values),
      color,
      shape,
      size: 2.5,
      label: `s = ${formatNumber(smoothness)}`,
    };
  });
  return {
    id: input.id,
    title: input.title,
    description: `Eigenvalues at ${x.length} frequencies for smoothness ${input.series.map((part) => formatNumber(part.smoothness)).join(", ")}; frequency zero is drawn at 1/2.`,
    columns: 1,
    panels: [
      {
        title: "",
        x: { label: "length of the frequency |k|", scale: "log" },
        y: { label: "weighted eigenvalue", scale: "log" },
        marks,
      },
    ],
  };
}

/** Square arrays of values over two-dimensional frequencies. */
export interface FrequencyMapInput {
  /** Identifier of the figure. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** Frequencies along each axis, ascending and equally spaced by one. */
  readonly frequencies: ArrayLike<number>;
  /** One panel each: values, row after row, of the square grid; rows are the second frequency. */
  readonly maps: readonly { readonly title: string; readonly values: ArrayLike<number> }[];
  /** What the colours mean. */
  readonly label: string;
}

/**
 * Shows values over a two-dimensional frequency grid as heat maps with logarithmic colours.
 *
 * @example
 * ```ts
 * import { frequencyMap } from "eigenscope/plot";
 * const maps = [{ title: "s = 0", values: [1, 0.5, 0.5, 0.25] }];
 * const figure = frequencyMap({ id: "map", title: "Map", frequencies: [0, 1], maps, label: "eigenvalue" });
 * console.log(figure.panels[0].marks[0].kind); // heat
 * ```
 */
export function frequencyMap(input: FrequencyMapInput): Figure {
  requireInput(input, ["frequencies", "maps"], "frequencyMap");
  const centers = Array.from(input.frequencies);
  const edges = [...centers.map((center) => center - 0.5), (centers[centers.length - 1] ?? 0) + 0.5];
  return {
    id: input.id,
    title: input.title,
    description: `${input.label} at ${centers.length} x ${centers.length} frequencies, in logarithmic colours: ${input.maps.map((map) => map.title).join("; ")}.`,
    columns: Math.min(2, Math.max(1, input.maps.length)),
    panels: input.maps.map(({ title, values }) => ({
      title,
      x: { label: "first frequency", scale: "linear" },
      y: { label: "second frequency", scale: "linear" },
      marks: [
        { kind: "heat", xEdges: edges, yEdges: edges, values: Array.from(values), scale: "log", text: input.label },
      ],
    })),
  };
}
