import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { expect, test } from "vitest";
import { cornerImages, idxBytes, idxFloats, writePair } from "./idx-bytes.js";
import { runCommand, temporaryFolder } from "./test-host.js";

/** A wrong command line: its words, and what the message must name (what came, what was expected). */
interface WrongInput {
  readonly name: string;
  readonly words: (folder: string) => readonly string[];
  readonly says: readonly (string | RegExp)[];
}

const { images, labels } = cornerImages(60);
const gzip = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { mtime: 0 });

/** Changes the bytes of the images of an otherwise good pair. */
const withImages =
  (change: (bytes: Uint8Array) => Uint8Array, packed = false) =>
  (folder: string): readonly string[] => {
    const prefix = join(folder, "bad");
    writePair(prefix, null, labels);
    const bytes = packed ? change(gzip(images)) : change(images.slice());
    writeFileSync(`${prefix}-images-idx3-ubyte${packed ? ".gz" : ""}`, bytes);
    return ["study", "--data", prefix];
  };

const withLabels =
  (bytes: Uint8Array) =>
  (folder: string): readonly string[] => ["study", "--data", writePair(join(folder, "bad"), images, bytes)];

const withPair =
  (imageBytes: Uint8Array | null, labelBytes: Uint8Array | null) =>
  (folder: string): readonly string[] => ["study", "--data", writePair(join(folder, "bad"), imageBytes, labelBytes)];

const patched = (bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array => {
  const copy = bytes.slice();
  for (const [index, value] of Object.entries(changes)) copy[(Number(index) + copy.length) % copy.length] = value;
  return copy;
};

const floats = (value: number): Uint8Array =>
  idxFloats(
    [60, 2],
    Array.from({ length: 120 }, (_, i) => (i === 77 ? value : i % 5)),
  );

const cases: readonly WrongInput[] = [
  // Commands and options
  { name: "no command", words: () => [], says: ["nothing to do", "expected a command: study, weights, claims"] },
  {
    name: "unknown command",
    words: () => ["stduy"],
    says: ['"stduy" is not a command', "did you mean study?", "expected one of study, weights, claims"],
  },
  { name: "option instead of a command", words: () => ["--seed", "1"], says: ['"--seed" is not a command'] },
  {
    name: "unknown study",
    words: () => ["study", "spectrall"],
    says: ['"spectrall" is not a study', "did you mean spectral?"],
  },
  { name: "too many words", words: () => ["study", "spectral", "again"], says: ["takes no further words", '"again"'] },
  {
    name: "unknown option",
    words: () => ["study", "--sead", "3"],
    says: ['"--sead" is not an option', "did you mean --seed?", "Expected one of --data"],
  },
  {
    name: "option far from any",
    words: () => ["study", "--frobnicate"],
    says: ['"--frobnicate" is not an option of "eigenscope study". Expected one of --data', "--html"],
  },
  { name: "single dash", words: () => ["study", "-seed", "3"], says: ['"-seed" is not an option'] },
  {
    name: "option without its value",
    words: () => ["study", "--seed"],
    says: ["--seed expects a value (N), got nothing after it"],
  },
  {
    name: "option followed by an option",
    words: () => ["study", "--data", "--quiet"],
    says: ["--data expects a value (PREFIX), got the option --quiet"],
  },
  {
    name: "value that looks like an option",
    words: () => ["study", "--seed", "-x"],
    says: ["--seed expects a value (N), got the option -x", "if -x is meant as the value, write --seed=-x"],
  },
  { name: "negative value", words: () => ["study", "--seed", "-1"], says: ["--seed expects an integer >= 0", '"-1"'] },
  { name: "negative fraction", words: () => ["claims", "--seed", "-.5"], says: ["an integer >= 0", '"-.5"'] },
  {
    name: "claims of no such kind",
    words: () => ["claims", "--only", "u05", "--kind", "statistical"],
    says: ["--only with --kind statistical expects a claim of that kind", "got none: U05 is exact"],
  },
  {
    name: "page to standard output",
    words: () => ["claims", "--only", "U05", "--html", "-"],
    says: ['cannot write "-": only --json writes to standard output', "expected the name of a file"],
  },
  { name: "empty value", words: () => ["study", "--out="], says: ["--out expects a value (DIR)"] },
  {
    name: "empty optional value",
    words: () => ["study", "--json="],
    says: ['--json expects a value ([FILE]), got ""'],
  },
  {
    name: "help on an unknown command",
    words: () => ["help", "stduy"],
    says: ['"stduy" is not a command', "did you mean study?"],
  },
  {
    name: "a name of a folder for a file",
    words: (folder) => ["study", "--json", `${join(folder, "results")}/`],
    says: ["results/: it names a folder; expected the name of a file"],
  },
  { name: "value for a flag", words: () => ["study", "--quiet=yes"], says: ["--quiet takes no value", '"yes"'] },
  { name: "option twice", words: () => ["study", "--seed", "1", "--seed", "2"], says: ["--seed is given twice"] },
  {
    name: "seed that is no number",
    words: () => ["study", "--seed", "seven"],
    says: ["--seed expects an integer", '"seven"'],
  },
  {
    name: "negative seed",
    words: () => ["study", "--seed=-1"],
    says: ["--seed expects an integer >= 0", '"-1"'],
  },
  { name: "fractional seed", words: () => ["study", "--seed", "1.5"], says: ["--seed expects an integer", '"1.5"'] },
  {
    name: "huge seed",
    words: () => ["study", "--seed", "9007199254740993"],
    says: ["--seed expects an integer >= 0", '"9007199254740993", which is too large to be exact'],
  },
  {
    name: "subset of zero",
    words: () => ["study", "--subset", "0"],
    says: ["--subset expects an integer in [20,", '"0"'],
  },
  {
    name: "test data without training data",
    words: () => ["study", "--test", "digits"],
    says: ["--test expects --data beside it", "digits"],
  },
  { name: "word for claims", words: () => ["claims", "U05"], says: ["takes options only", '"U05"', "--only"] },
  {
    name: "unknown claim",
    words: () => ["claims", "--only", "Z99"],
    says: ['"Z99" is not a claim', "expected ids among"],
  },
  { name: "empty selection", words: () => ["claims", "--only", ","], says: ["--only expects at least one id"] },
  {
    name: "unknown kind",
    words: () => ["claims", "--kind", "fuzzy"],
    says: ["--kind expects one of exact, iterative, statistical", '"fuzzy"'],
  },
  {
    name: "an option of the other study",
    words: () => ["study", "sensing", "--subset", "50"],
    says: ['--subset belongs to "eigenscope study spectral"', "the study sensing"],
  },
  {
    name: "the full digit without digits",
    words: () => ["study", "sensing", "--full"],
    says: ["--full expects --data beside it"],
  },
  {
    name: "features where pictures are needed",
    words: (folder) => [
      "study",
      "sensing",
      "--data",
      writePair(join(folder, "flat"), idxBytes([60, 16], images.slice(16)), labels),
    ],
    says: ["expected images of shape n x height x width", "got shape [60, 16]"],
  },
  // Files that are not there
  {
    name: "missing files",
    words: (folder) => ["study", "--data", join(folder, "none")],
    says: ["--data: expected the file", "none-images-idx3-ubyte or", ".gz, got neither"],
  },
  { name: "missing labels", words: withPair(images, null), says: ["bad-labels-idx1-ubyte or", "got neither"] },
  {
    name: "missing test files",
    words: (folder) => [
      "study",
      "--data",
      writePair(join(folder, "good"), images, labels),
      "--test",
      join(folder, "none"),
    ],
    says: ["--test: expected the file", "got neither"],
  },
  {
    name: "a folder instead of a file",
    words: (folder) => {
      mkdirSync(join(folder, "bad-images-idx3-ubyte"));
      return withPair(null, labels)(folder);
    },
    says: ["bad-images-idx3-ubyte", "must be the path of a file", "not a regular file"],
  },
  // IDX that is damaged
  {
    name: "empty file",
    words: withImages(() => new Uint8Array(0)),
    says: ["bad-images-idx3-ubyte", "must be an IDX file", "0 bytes"],
  },
  {
    name: "wrong magic",
    words: withImages((bytes) => patched(bytes, { 0: 31 })),
    says: ["must be an IDX file", "magic 31 0 8 3"],
  },
  {
    name: "unknown type",
    words: withImages((bytes) => patched(bytes, { 2: 7 })),
    says: ["must be an IDX file", "magic 0 0 7 3"],
  },
  {
    name: "truncated header",
    words: withImages((bytes) => bytes.slice(0, 9)),
    says: ["at least 16 bytes long", "got 9 bytes", "truncated"],
  },
  {
    name: "truncated body",
    words: withImages((bytes) => bytes.slice(0, -5)),
    says: ["must be 976 bytes long for shape [60, 4, 4]", "got 971 bytes", "truncated"],
  },
  {
    name: "surplus bytes",
    words: withImages((bytes) => Uint8Array.of(...bytes, 1, 2)),
    says: ["must be 976 bytes long", "got 978 bytes"],
  },
  {
    name: "a shape of terabytes",
    words: withImages((bytes) => patched(bytes, { 4: 255, 8: 255 })),
    says: ["bad-images-idx3-ubyte", "must be", "got"],
  },
  {
    name: "gzip cut off",
    words: withImages((bytes) => bytes.slice(0, bytes.length >> 1), true),
    says: ["bad-images-idx3-ubyte.gz", "must be", "got"],
  },
  {
    name: "gzip with a wrong checksum",
    words: withImages((bytes) => patched(bytes, { [-8]: bytes[bytes.length - 8]! ^ 1 }), true),
    says: ["bad-images-idx3-ubyte.gz", /checksum|CRC/i],
  },
  {
    name: "gzip that lies about its size",
    words: withImages((bytes) => patched(bytes, { [-4]: bytes[bytes.length - 4]! ^ 1 }), true),
    says: ["bad-images-idx3-ubyte.gz", /length|size|bytes/],
  },
  {
    name: "gzip in name, garbage inside",
    words: withImages(() => Uint8Array.of(1, 2, 3, 4, 5), true),
    says: ["bad-images-idx3-ubyte.gz", "must be an IDX file"],
  },
  {
    name: "gzip of something else",
    words: withImages(() => gzip(new TextEncoder().encode("not digits at all")), true),
    says: ["bad-images-idx3-ubyte.gz", "must be"],
  },
  // Images and labels that do not fit
  {
    name: "fewer labels than images",
    words: withLabels(idxBytes([59], labels.slice(8, 67))),
    says: ["labels must be one per image, 60 in all, got 59 labels"],
  },
  {
    name: "labels with two axes",
    words: withLabels(idxBytes([60, 1], labels.slice(8))),
    says: ["labels must be one label per image, of one axis, got shape [60, 1]"],
  },
  {
    name: "images and labels exchanged",
    words: withPair(labels, images),
    says: ["images must be n x height x width or n x features, got shape [60]"],
  },
  {
    name: "no images",
    words: withPair(idxBytes([0, 4, 4], []), idxBytes([0], [])),
    says: ["images must be at least 50 images", "got shape [0, 4, 4]"],
  },
  {
    name: "images without pixels",
    words: withPair(idxBytes([60, 0, 4], []), labels),
    says: ["of at least one pixel", "got shape [60, 0, 4]"],
  },
  {
    name: "too few images",
    words: withPair(idxBytes([3, 1, 1], [1, 2, 3]), idxBytes([3], [0, 1, 0])),
    says: ["at least 50 images", "got shape [3, 1, 1]"],
  },
  {
    name: "one class only",
    words: withLabels(idxBytes([60], new Uint8Array(60))),
    says: ["labels must be of at least two classes, got only class 0"],
  },
  {
    name: "fractional labels",
    words: withLabels(
      idxFloats(
        [60],
        Array.from({ length: 60 }, () => 0.5),
      ),
    ),
    says: ["labels must be integers in [0, 999], got 0.5 at index 0"],
  },
  {
    name: "all pixels equal",
    words: withPair(idxBytes([60, 2, 2], new Uint8Array(240).fill(9)), labels),
    says: ["images must be not all of one value, got 9 in every pixel"],
  },
  {
    name: "NaN among the pixels",
    words: withPair(floats(Number.NaN), labels),
    says: ["images must be finite in every pixel, got NaN at index 77"],
  },
  {
    name: "infinity among the pixels",
    words: withPair(floats(-Infinity), labels),
    says: ["got -Infinity at index 77"],
  },
  {
    name: "test images of another size",
    words: (folder) => [
      "study",
      "--data",
      writePair(join(folder, "good"), images, labels),
      "--test",
      writePair(join(folder, "other"), idxBytes([60, 2, 2], images.slice(16, 256)), labels),
    ],
    says: ["testImages must be images of 4 x 4 pixels, as for training, got 2 x 2 pixels"],
  },
  {
    name: "test labels of a class that training does not know",
    words: (folder) => [
      "study",
      "--data",
      writePair(join(folder, "good"), images, labels),
      "--test",
      writePair(join(folder, "other"), images, patched(labels, { 20: 7 })),
    ],
    says: ["label 12 must be an integer in [0, 2], got 7"],
  },
  // Places that cannot be written
  {
    name: "a file where the folder should be",
    words: (folder) => {
      writeFileSync(join(folder, "occupied"), "mine");
      return ["study", "--out", join(folder, "occupied")];
    },
    says: ["cannot write", "occupied", "a file, not a folder", "expected a place that can be written"],
  },
  {
    name: "a folder where the file should be",
    words: (folder) => ["study", "--html", folder],
    says: ["cannot write", "it names a folder; expected the name of a file"],
  },
  {
    name: "a folder that cannot be made",
    words: () => ["claims", "--json", "/proc/eigenscope/claims.json"],
    says: ["cannot write /proc/eigenscope/claims.json"],
  },
  {
    name: "one file for two outputs",
    words: (folder) => ["study", "--json", join(folder, "x"), "--html", join(folder, "x")],
    says: ["is named for two outputs"],
  },
];

test("there are at least thirty wrong inputs", () => {
  expect(cases.length).toBeGreaterThanOrEqual(30);
  expect(new Set(cases.map((entry) => entry.name)).size).toBe(cases.length);
});

test.each(cases)("$name: one message, exit code 2, nothing written", async ({ words, says }) => {
  const folder = temporaryFolder();
  const line = words(folder);
  const before = readdirSync(folder, { recursive: true }).sort();
  const { code, stdout, stderr } = await runCommand(line);
  expect(code, stderr).toBe(2);
  expect(stdout).toBe("");
  const message = stderr.split("\n").filter((text) => text.startsWith("eigenscope: "));
  expect(message).toHaveLength(1);
  for (const part of says)
    expect(message[0]).toMatch(part instanceof RegExp ? part : new RegExp(part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
});
