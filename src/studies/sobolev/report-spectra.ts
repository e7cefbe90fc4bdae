import { type Figure, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import { verdictSection } from "./report-shared.js";
import type { DomainSpectra, DomainSpectraPart } from "./spectra-part.js";

/** Spectra of K, P and T side by side, with s* and condition numbers. */
export function spectraSection({ domains }: DomainSpectraPart, depth: number): ReportSection {
  return verdictSection({
    id: "spectra",
    title: "1. Spectra of K, P and T on three domains",
    text: [
      `${domains.map(sentence).join(" ")}`,
      "K is the kernel's integral operator, P the Sobolev operator of the loss ½⟨r, P r⟩, T = K ∘ P the operator of training, r′ = −T r. " +
        "On sphere and torus K and P share eigenspaces and T is their product mode by mode (never by rank); in Gaussian space they do not, and what multiplies d μ is the mean E of P over the kernel's eigenfunction |x| Y, which grows like ℓ^(2s).",
      "In all three the best exponent nearly offsets the decay of the kernel, of order 3 here; it does not grow with the band, only what it gains does. Error bars are drawn; where none can be seen it is smaller than the point, and the lower panels show it.",
    ],
    method: `ReLU kernel of depth ${depth} without bias. Sphere and Gaussian space: Gauss–Legendre in the angle, bars from two rules and rounding; torus: one FFT of the kernel's first row, bars from the transform. s* by walking along the envelopes of the lines ln μ + s ln σ (sphere, torus) or by search (Gaussian space).`,
    tables: [
      {
        caption: `Best exponents and condition numbers`,
        columns: [
          { label: "domain", align: "left" },
          { label: "symbol", align: "left" },
          { label: "s*", digits: 5 },
          { label: "order of P at s*", digits: 4 },
          { label: "κ(K)" },
          { label: "κ(P) at s*" },
          { label: "κ(T) at s*", digits: 5 },
        ],
        rows: domains.map((domain) => [
          domain.title,
          domain.symbol,
          domain.smoothness,
          domain.orderPerSmoothness * domain.smoothness,
          domain.conditionOfKernel,
          domain.conditionOfSobolev,
          domain.conditionOfComposite,
        ]),
      },
      ...domains.map((domain) => ({
        caption: `${domain.domain}: first modes`,
        columns: [
          { label: domain.modeLabel },
          { label: "K", digits: 8 },
          { label: "error bar", digits: 2 },
          { label: domain.domain === "Gaussian space" ? "E of P at s*" : "P at s*", digits: 6 },
          { label: "T at s*", digits: 6 },
          { label: "error bar", digits: 2 },
        ],
        rows: domain.modes
          .slice(0, 8)
          .map((mode, i) => [
            mode,
            domain.kernel[i],
            domain.errorBounds[i],
            domain.sobolev[i],
            domain.composite[i],
            domain.compositeBounds[i],
          ]),
      })),
    ],
    figures: [figure(domains)],
    data: { domains },
    comparisons: domains.flatMap((domain) => domain.comparisons),
  });
}

function sentence(domain: DomainSpectra): string {
  const number = (tagged: DomainSpectra["conditionOfKernel"]): string =>
    tagged.defined ? formatNumber(tagged.value, 3) : `unresolved (${tagged.reason})`;
  const name = `${domain.domain[0].toUpperCase()}${domain.domain.slice(1)}`;
  return `${name}: κ(K) = ${number(domain.conditionOfKernel)}, and κ(T) = ${number(domain.conditionOfComposite)} at s* = ${formatNumber(domain.smoothness, 4)}.`;
}

function figure(domains: readonly DomainSpectra[]): Figure {
  const positions = (domain: DomainSpectra): number[] => domain.modes.map((mode) => (mode === 0 ? 0.5 : mode));
  const upper = domains.map((domain): Panel => {
    const x = positions(domain);
    const size = domain.modes.length > 100 ? 1.5 : 2.5;
    const points = (
      y: readonly number[],
      error: readonly number[] | null,
      look: Pick<Mark & { kind: "points" }, "color" | "shape">,
      label: string,
    ): Mark => ({ kind: "points", x, y, ...(error === null ? {} : { error }), ...look, size, label });
    return {
      title: domain.domain === "Gaussian space" ? "Gaussian space R³" : domain.title.split(",")[0],
      x: { label: domain.modeLabel, scale: "log" },
      y: { label: "eigenvalue", scale: "log" },
      marks: [
        points(domain.kernel, domain.errorBounds, { color: "blue", shape: "circle" }, "K"),
        points(
          domain.sobolev,
          null,
          { color: "green", shape: "square" },
          domain.domain === "Gaussian space" ? "E of P" : "P",
        ),
        points(domain.composite, domain.compositeBounds, { color: "vermilion", shape: "triangle" }, "T"),
      ],
    };
  });
  const lower = domains.map((domain): Panel => ({
    title: "",
    x: { label: domain.modeLabel, scale: "log" },
    y: { label: "error bar of K over K", scale: "log", domain: [1e-17, 1e-7] },
    marks: [
      {
        kind: "points",
        x: positions(domain),
        y: domain.errorBounds.map((bar, i) => bar / Math.abs(domain.kernel[i])),
        color: "blue",
        size: domain.modes.length > 100 ? 1.5 : 2.5,
      },
    ],
  }));
  return {
    id: "spectra-figure",
    title: "Spectra of kernel K, Sobolev operator P at s* and composite T",
    description:
      "Three columns: sphere, torus, Gaussian space. Above, eigenvalues of K fall like the third power of the frequency, those of P rise, and those of T stay nearly level. Below, the error bar of K relative to K. Mode zero is drawn at 1/2.",
    columns: 3,
    panels: [...upper, ...lower],
  };
}
