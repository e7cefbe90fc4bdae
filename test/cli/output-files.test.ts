import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createOutputFiles } from "../../src/cli/output-files.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { temporaryFolder } from "./test-host.js";

test("nothing lies about while the work goes on, so that a kill leaves nothing half-written", () => {
  const place = temporaryFolder();
  const files = createOutputFiles();
  files.reserve(join(place, "a.json"));
  expect(readdirSync(place)).toEqual([]);
  files.write(join(place, "a.json"), "{}");
  expect(readdirSync(place)).toEqual(["a.json"]);
  files.discard();
  expect(readFileSync(join(place, "a.json"), "utf8")).toBe("{}");
});

test("folders made for nothing go again, those with results stay", () => {
  const place = temporaryFolder();
  const files = createOutputFiles();
  files.reserve(join(place, "x", "y", "a.json"));
  files.reserve(join(place, "z", "b.json"));
  files.write(join(place, "z", "b.json"), "1");
  files.discard();
  expect(readdirSync(place)).toEqual(["z"]);
});

test("a link stays a link: what it points to is written", () => {
  const place = temporaryFolder();
  writeFileSync(join(place, "target.json"), "old");
  symlinkSync(join(place, "target.json"), join(place, "link.json"));
  const files = createOutputFiles();
  files.reserve(join(place, "link.json"));
  expect(() => files.reserve(join(place, "target.json"))).toThrow(
    new UsageError(`${join(place, "target.json")} is named for two outputs; expected different files`),
  );
  files.write(join(place, "link.json"), "new");
  expect(lstatSync(join(place, "link.json")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(place, "target.json"), "utf8")).toBe("new");
  expect(readdirSync(place).sort()).toEqual(["link.json", "target.json"]);
});

test("a pipe takes the text and stays a pipe: /dev/null would not survive being renamed over", () => {
  const place = temporaryFolder();
  const pipe = join(place, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const files = createOutputFiles();
  files.reserve(pipe);
  files.write(pipe, "text");
  const bytes = Buffer.alloc(10);
  expect(bytes.toString("utf8", 0, readSync(reader, bytes))).toBe("text");
  closeSync(reader);
  expect(statSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(place)).toEqual(["pipe"]);
});

test("places that cannot be written are refused before any work, in words", () => {
  const place = temporaryFolder();
  writeFileSync(join(place, "file"), "");
  mkdirSync(join(place, "folder"));
  const files = createOutputFiles();
  const wrong = [
    ["-", 'cannot write "-": only --json writes to standard output'],
    [join(place, "folder"), "it names a folder; expected the name of a file"],
    [join(place, "new") + "/", "it names a folder; expected the name of a file"],
    [join(place, "file", "a.json"), "a part of the path is a file, not a folder"],
    [join(place, "n".repeat(300)), "the name is too long (ENAMETOOLONG)"],
  ] as const;
  for (const [path, words] of wrong) expect(() => files.reserve(path), path).toThrow(words);
  expect(() => files.write(join(place, "b.json"), "")).toThrow("was not reserved");
  files.discard();
  expect(readdirSync(place).sort()).toEqual(["file", "folder"]);
});
