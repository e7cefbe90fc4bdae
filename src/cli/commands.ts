import type { OptionSpec } from "./arguments.js";

/** A subcommand with its options. */
export interface CommandSpec {
  /** Name as typed. */
  readonly name: string;
  /** Line of the overview. */
  readonly summary: string;
  /** Line after "usage:". */
  readonly usage: string;
  /** Options, in the order of the help text. */
  readonly options: readonly OptionSpec[];
  /** Closing lines of the help text. */
  readonly notes: readonly string[];
}

const SEED: OptionSpec = {
  name: "seed",
  value: "one",
  placeholder: "N",
  help: "seed of all randomness, an integer >= 0 (default 1)",
};
const JSON_OUT: OptionSpec = {
  name: "json",
  value: "optional",
  placeholder: "[FILE]",
  help: "write JSON to FILE, or to standard output instead of the table",
};
const HTML_OUT: OptionSpec = {
  name: "html",
  value: "one",
  placeholder: "FILE",
  help: "write one self-contained HTML page",
};
const QUIET: OptionSpec = { name: "quiet", value: "none", placeholder: "", help: "no progress on standard error" };
const HELP: OptionSpec = { name: "help", value: "none", placeholder: "", help: "show this help" };

/** Seed when none is given. */
export const DEFAULT_SEED = 1;

/** Folder for the study's results when no output is named. */
export const DEFAULT_FOLDER = "study-output";

/** The subcommands. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "study",
    summary: "run a study; by default train a small network and show what its spectra say",
    usage: "eigenscope study [spectral|curvature|sensing|sobolev|linear-width|compression] [options]",
    options: [
      {
        name: "data",
        value: "one",
        placeholder: "PREFIX",
        help: "images and labels: PREFIX-images-idx3-ubyte[.gz] and PREFIX-labels-idx1-ubyte[.gz]",
      },
      {
        name: "test",
        value: "one",
        placeholder: "PREFIX",
        help: "spectral, curvature, compression: measure the accuracy on these files too (needs --data)",
      },
      {
        name: "subset",
        value: "one",
        placeholder: "N",
        help: "spectral, curvature: samples for curvature and kernels, at most all (default 1000)",
      },
      {
        name: "quick",
        value: "none",
        placeholder: "",
        help: "curvature, sobolev: smaller, under a minute; linear-width: one seed for the slow recipe, under two",
      },
      {
        name: "full",
        value: "none",
        placeholder: "",
        help: "sensing: also give the first digit to the source's own network (needs --data)",
      },
      {
        name: "out",
        value: "one",
        placeholder: "DIR",
        help: `write study.json and study.html to DIR (default ${DEFAULT_FOLDER} when no output is named)`,
      },
      JSON_OUT,
      HTML_OUT,
      SEED,
      QUIET,
      HELP,
    ],
    notes: [
      "spectral (default): singular values of the layers, sharpness, Hessian, neural tangent kernel and certificate of a",
      "  network trained on the images, or without --data on a seeded teacher–student problem.",
      "curvature: layer by layer, spectra of Hessian, Gauss–Newton matrix and residual, outliers and classes, and the",
      "  sharpness of three optimisers against their limits; without --data on seeded Gaussian classes.",
      "sensing: the recipes E1 to E21 on spectral neural networks; with --data also the reconstruction of one digit per class.",
      "sobolev: kernels with Sobolev losses on sphere, torus and Gaussian space: spectra, best exponents, training of three",
      "  targets, zero modes, matrices against operators, and a sweep over depths, activations and initialisations.",
      "linear-width: spectra of weights and kernels under small steps, after a large step and after adaptive training, each",
      "  against its baseline; --seed N replays the recipes' streams N + 6, N + 7 and N + 8.",
      "compression: accuracy of a digit classifier against the rank kept in each layer, beside σ_{k+1} and the error bound;",
      "  without --data on made digits.",
      "The exit code is 1 when a recipe (sensing) or a number (sobolev, linear-width, compression) is not as expected.",
      'Ctrl-C stops cleanly: what was done is still shown and written, with status "cancelled" and exit code 130.',
    ],
  },
  {
    name: "weights",
    summary: "analyse the weights of a checkpoint, layer by layer, and judge it by conditions",
    usage: "eigenscope weights FILE… [options]",
    options: [
      {
        name: "fail-on",
        value: "many",
        placeholder: "COND…",
        help: 'exit with 1 where a condition holds, such as "spectralNorm>10" or "encoder.*:stableRank<2"',
      },
      {
        name: "compare",
        value: "many",
        placeholder: "FILE…",
        help: "also compare with this checkpoint, layer by layer",
      },
      {
        name: "only",
        value: "many",
        placeholder: "NAME…",
        help: '"*" stands for any text: analyse these tensors only',
      },
      {
        name: "layout",
        value: "one",
        placeholder: "ORDER",
        help: "order of the axes: auto (default: guessed and shown), out-in as PyTorch, in-out as Keras",
      },
      {
        name: "convolution",
        value: "many",
        placeholder: "GEOM…",
        help: 'what files do not hold: "input=32,stride=2" for all, "down.*:stride=2" for some; also padding, dilation, groups',
      },
      { name: "json", value: "optional", placeholder: "[FILE]", help: JSON_OUT.help },
      {
        name: "csv",
        value: "one",
        placeholder: "FILE",
        help: "write one line per matrix, with WeightWatcher's columns",
      },
      HTML_OUT,
      { name: "details", value: "one", placeholder: "N", help: "layers with figures in the page (default 40)" },
      { name: "draws", value: "one", placeholder: "N", help: "shuffled copies of each layer's baseline (default 9)" },
      {
        name: "baseline-limit",
        value: "one",
        placeholder: "N",
        help: "layers with more entries get no baseline (default 600000)",
      },
      {
        name: "replicates",
        value: "one",
        placeholder: "N",
        help: "bootstrap replicates of a tail's p-value (default 99)",
      },
      {
        name: "tile-above",
        value: "one",
        placeholder: "N",
        help: "tensors with more entries are read in tiles (default 16777216)",
      },
      SEED,
      QUIET,
      HELP,
    ],
    notes: [
      "FILE: safetensors (one file, all shards, or the index.json beside them), npy or npz; told by content, not by name.",
      "Files come before the options that take several values. Nothing is uploaded; no code in a file is run.",
      "Exit code: 0 when no condition holds, 1 when one holds or could be decided in no layer, 2 for a wrong command line or a",
      "  damaged file (nothing is written then), 130 after Ctrl-C. A layer without the number counts neither way.",
      "docs/weights.md lists the names for conditions; an unknown name is refused with the list.",
    ],
  },
  {
    name: "claims",
    summary: "recompute the claims of the source notes and judge them",
    usage: "eigenscope claims [options]",
    options: [
      { name: "only", value: "many", placeholder: "ID…", help: "only these claims, such as U05 N26 or U05,N26" },
      {
        name: "kind",
        value: "one",
        placeholder: "KIND",
        help: "only this kind of evidence: exact, iterative or statistical",
      },
      JSON_OUT,
      HTML_OUT,
      SEED,
      QUIET,
      HELP,
    ],
    notes: ["The exit code is 1 when a row does not pass."],
  },
];

/** Help text of the whole program. */
export function overview(): string {
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`);
  return [
    "eigenscope: what the spectrum of a neural network says",
    "",
    "usage: eigenscope COMMAND [options]",
    "",
    ...lines,
    "",
    "  --help     show this help, or with a command that command's options",
    "  --version  show the version",
    "",
    "exit code: 0 when all is well, 1 when a check fails, 2 for bad usage or input, 130 after Ctrl-C",
    "",
  ].join("\n");
}

/** Help text of one command. */
export function commandHelp(command: CommandSpec): string {
  const heads = command.options.map(
    (option) => `--${option.name}${option.placeholder === "" ? "" : ` ${option.placeholder}`}`,
  );
  const width = Math.max(...heads.map((head) => head.length));
  return [
    `usage: ${command.usage}`,
    "",
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    "",
    ...command.options.map((option, i) => `  ${heads[i]!.padEnd(width)}  ${option.help}`),
    "",
    ...command.notes,
    "",
  ].join("\n");
}
