/**
 * Result records become figure records (plain data), and figure records become SVG or Vega-Lite.
 * @module plot
 */
export {
  type AreaMark,
  type Axis,
  type BarMark,
  COLORS,
  type Color,
  type Dash,
  type Figure,
  type HeatMark,
  type LineMark,
  type Mark,
  type Panel,
  type PointMark,
  type RuleMark,
  type Shape,
  type TickMark,
} from "./figure.js";
export * from "./figures/compared-curves.js";
export * from "./figures/eigenvalue-decay.js";
export * from "./figures/extreme-eigenvalues.js";
export * from "./figures/hessian-density.js";
export * from "./figures/label-projections.js";
export * from "./figures/singular-value-density.js";
export * from "./figures/torus-spectrum.js";
export * from "./figures/training-curve.js";
export { formatNumber } from "./format-number.js";
export { figureStyle } from "./palette.js";
export { type RenderSvgOptions, renderSvg } from "./render-svg.js";
export { type Json, type ToVegaLiteOptions, type VegaLiteSpec, toVegaLite } from "./to-vega-lite.js";
