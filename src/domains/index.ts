/**
 * Domains without boundary and the spectra of kernels and Sobolev operators on them.
 * @module domains
 */
export type { CompositeFactor, DomainConventions, GaussianSpectrum, ModeSpectrum } from "./types.js";
export { sobolevSymbols, type SobolevSymbol } from "./symbols.js";
export { conditionNumber, type ConditionOptions, type ConditionReport } from "./conditioning.js";
export { circle, sphere, type SphereDomain, type SphereLevel } from "./sphere.js";
export type { SphereSpectrum } from "./sphere-spectrum.js";
export type { SampledSobolev, SphereSobolev, SphereSobolevOptions } from "./sphere-sobolev.js";
export {
  sphereAsymptotics,
  singularCoefficient,
  torusAsymptotics,
  type SphereAsymptotics,
  type TorusAsymptotics,
} from "./asymptotics.js";
export {
  logMultiplicity,
  logZonalHarmonics,
  multiplicity,
  zonalHarmonics,
  zonalSum,
  type LogZonalHarmonics,
} from "./zonal-harmonics.js";
export {
  equispacedCircle,
  fibonacciSphere,
  productQuadrature,
  sphereQuadrature,
  type SphereQuadrature,
} from "./points.js";
export { crossPolytope, simplexDesign, sphericalDesign, type SphericalDesignName } from "./designs.js";
export {
  torus,
  type TorusDomain,
  type TorusMultiplier,
  type TorusSobolevOptions,
  type TorusSpectrum,
} from "./torus.js";
export { torusCoefficients } from "./torus-coefficients.js";
export { composite, type ModeMultiplier } from "./composite.js";
export { optimalSmoothness, type OptimalSmoothness, type OptimalSmoothnessOptions } from "./optimal-smoothness.js";
export {
  flatteningSymbol,
  type FlatteningBound,
  type FlatteningOptions,
  type FlatteningSymbol,
} from "./flattening-symbol.js";
export {
  gaussian,
  type GaussianComposite,
  type GaussianDomain,
  type GaussianLevel,
  type GaussianSobolev,
  type GaussianSobolevOptions,
} from "./gaussian.js";
export type { GaussianSmoothness } from "./gaussian-smoothness.js";
export { commutator, type Commutator, type CommutatorOptions } from "./commutator.js";
export {
  sobolevFlow,
  timeToAccuracy,
  type AccuracyOptions,
  type FlowHistory,
  type FlowOptions,
  type FlowProblem,
  type TimeToAccuracy,
} from "./sobolev-flow.js";
export { arcCosineSpectrum } from "./sphere-spectrum.js";
export {
  sphericalHarmonics,
  zonalOperator,
  type ZonalOperator,
  type ZonalOperatorOptions,
} from "./spherical-harmonics.js";
export {
  compareWithOperator,
  symmetricComposite,
  type ComparisonOptions,
  type MatrixOperatorComparison,
  type SymmetricComposite,
} from "./symmetric-composite.js";
export {
  gaussHermiteGrid,
  hermitePolynomials,
  hermiteSpectrum,
  weightedNystrom,
  type HermiteSpectrum,
  type NystromSpectrum,
  type PointRule,
} from "./nystrom-gaussian.js";
export { integrateSobolevFlow, type IntegratedFlow, type IntegratedFlowOptions } from "./integrated-flow.js";
