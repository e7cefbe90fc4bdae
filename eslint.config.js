import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Library code: no console, no clock, no ambient randomness, no process. */
const purity = {
  "no-console": "error",
  "no-restricted-properties": [
    "error",
    { object: "Math", property: "random", message: "Take an Rng from the caller." },
    { object: "Date", property: "now", message: "Take a clock from the caller (option now)." },
    { object: "performance", property: "now", message: "Take a clock from the caller (option now)." },
  ],
  "no-restricted-syntax": [
    "error",
    { selector: "NewExpression[callee.name='Date']", message: "Library code reads no clock." },
    { selector: "ImportDeclaration[source.value=/^node:/]", message: "No node: import outside cli and scripts." },
  ],
};

export default tseslint.config(
  {
    ignores: [
      "dist",
      "docs/api",
      "docs/api-markdown",
      "coverage",
      "test/fixtures",
      "src/routines/assembly",
      "study-output",
      ".cache",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "no-loss-of-precision": "error",
      eqeqeq: "error",
      "prefer-const": "error",
    },
  },
  { files: ["src/**/*.ts"], ignores: ["src/cli/**"], rules: purity },
  {
    files: ["**/*.js", "**/*.mjs", "scripts/**", "bench/**", "test/**", "src/cli/**"],
    languageOptions: {
      globals: {
        console: "readonly",
        process: "readonly",
        performance: "readonly",
        URL: "readonly",
        Buffer: "readonly",
      },
    },
  },
);
