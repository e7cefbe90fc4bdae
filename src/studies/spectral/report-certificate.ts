import type { Tagged } from "../../core/index.js";
import { formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection, ReportTable } from "../../report/index.js";
import type { CertificatePart } from "./certificate-part.js";
import type { SpectralStudy } from "./spectral-study.js";

/** Item 6: the spectral certificate. */
export function certificateSection({ certificate, bounds }: CertificatePart, study: SpectralStudy): ReportSection {
  const { lipschitzUpper, maxStableEta, hessian } = certificate;
  return {
    id: "certificate",
    title: "6. Spectral certificate: what is bounded, by what, with which assumptions",
    status: "complete",
    text: [
      `The network's Lipschitz constant is at most ${inWords(lipschitzUpper)}; gradient descent is locally stable up to step size ${inWords(maxStableEta)}; ` +
        `the Hessian's condition number is ${hessian.kappa.defined ? formatNumber(hessian.kappa.value) : `undefined: ${hessian.kappa.reason}`}.`,
      `Assumptions: ${certificate.assumptions.join("; ")}.`,
    ],
    method: `Lanczos on Hessian and tangent-kernel products of ${certificate.samples} samples (ends of the Hessian: ${hessian.method}), one SVD per layer; loss ${certificate.loss}.`,
    matvecs: certificate.matvecs,
    tables: [
      {
        caption: "Bounds and rates",
        columns: [
          { label: "quantity", align: "left" },
          { label: "value", align: "left", digits: 5 },
          { label: "error bound", digits: 2 },
          { label: "what it bounds", align: "left" },
        ],
        rows: certificateRows(certificate),
      },
      {
        caption: "Rank truncation of each layer",
        columns: [
          { label: "layer", align: "left" },
          { label: "rank kept" },
          { label: "error in the 2-norm" },
          { label: "Frobenius error" },
          { label: "spectral norm" },
        ],
        rows: certificate.truncation.map((layer) => [
          layer.layer,
          layer.rank,
          layer.spectralError,
          layer.frobeniusError,
          layer.spectralNorm,
        ]),
      },
      ...(bounds === null ? [] : [boundsTable(bounds)]),
    ],
    figures: [],
    data: { certificate, bounds, subsetSize: study.subsetSize },
  };
}

function inWords(tagged: Tagged): string {
  return tagged.defined ? formatNumber(tagged.value) : `undefined (${tagged.reason})`;
}

function certificateRows(certificate: CertificatePart["certificate"]): Cell[][] {
  const { hessian, ntkTop, modeRates } = certificate;
  return [
    [
      "largest Hessian eigenvalue",
      hessian.largest,
      hessian.residualNorms[0],
      "curvature of the loss in any direction, from above",
    ],
    [
      "smallest Hessian eigenvalue",
      hessian.smallest,
      hessian.residualNorms[1],
      "curvature of the loss in any direction, from below",
    ],
    ["condition number of the Hessian", hessian.kappa, null, "local convergence rate of gradient descent"],
    ["2/λ_max(H)", certificate.maxStableEta, null, "largest locally stable step size of gradient descent"],
    ["product of spectral norms", certificate.lipschitzUpper, null, "Lipschitz constant of the network in ℓ2"],
    ["ℓ2 path norm", certificate.pathNormL2, null, "capacity of ReLU networks under rescaling"],
    ["ℓ1 path norm", certificate.pathNormL1, null, "capacity; Lipschitz constant from ℓ∞ to ℓ1"],
    ["Bartlett's R_A", certificate.bartlett, null, "margin bound on the test error, up to constants and logarithms"],
    [
      "largest eigenvalue of the empirical NTK",
      ntkTop.value,
      ntkTop.residualNorm,
      "speed of the fastest mode (not divided by n)",
    ],
    [
      "its share λ₁/n",
      modeRates.rates[0]!,
      modeRates.residualNorms[0]!,
      "rate of the fastest mode under gradient flow, mse",
    ],
  ];
}

function boundsTable(bounds: NonNullable<CertificatePart["bounds"]>): ReportTable {
  const { pacBayes } = bounds;
  return {
    caption: `Generalisation bounds at margin ${formatNumber(bounds.margin, 3)} (training error ${formatNumber(100 * bounds.trainingError, 3)} %)`,
    columns: [
      { label: "bound", align: "left" },
      { label: "complexity", align: "left" },
      { label: "vacuous", align: "left" },
      { label: "constants", align: "left" },
      { label: "formula", align: "left" },
    ],
    rows: [
      ...bounds.bounds.map((bound): Cell[] => [
        bound.name,
        bound.complexity,
        bound.vacuous ? "yes" : "no",
        bound.upToConstants ? "left out" : "complete",
        bound.formula,
      ]),
      ...(pacBayes.defined
        ? [
            [
              `${pacBayes.value.name}: ${pacBayes.value.distributions}`,
              defined(pacBayes.value.bound),
              pacBayes.value.vacuous ? "yes" : "no",
              "complete",
              `with probability ${1 - pacBayes.value.delta}`,
            ] satisfies Cell[],
          ]
        : []),
    ],
  };
}

function defined(value: number): Tagged {
  return { defined: true, value };
}
