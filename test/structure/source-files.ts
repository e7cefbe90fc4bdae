import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A text file of the repository, by its path from the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files below a folder whose name matches, sorted by path. */
export function filesBelow(folder: string, name: RegExp): SourceFile[] {
  const out: SourceFile[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!["node_modules", "dist", "api", "api-markdown", "assembly", "snippets"].includes(entry.name)) visit(path);
      } else if (name.test(entry.name)) {
        out.push({ path: relative(root, path), text: readFileSync(path, "utf8") });
      }
    }
  };
  visit(join(root, folder));
  return out.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Source text with comments and string contents blanked, positions kept: rules about code must not fire on prose. */
export function codeOnly(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g,
    (match) => match.replace(/[^\n]/g, " "),
  );
}
