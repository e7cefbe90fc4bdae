/**
 * Result records become figure records (plain data), and figure records become SVG or Vega-Lite.
 * @module plot
 */
export * from "./figure.js";
export * from "./figures/eigenvalue-decay.js";
export * from "./figures/extreme-eigenvalues.js";
export * from "./figures/hessian-density.js";
export * from "./figures/label-projections.js";
export * from "./figures/singular-value-density.js";
export * from "./figures/torus-spectrum.js";
export * from "./figures/training-curve.js";
export { formatNumber, superscript } from "./format-number.js";
export { figureStyle } from "./palette.js";
export { type RenderSvgOptions, renderSvg } from "./render-svg.js";
export { type Json, type ToVegaLiteOptions, type VegaLiteSpec, toVegaLite } from "./to-vega-lite.js";
