/** The sensing study and its recipes. */
export { sensingRecipes, sensingStudy, type SensingStudy, type SensingStudyOptions } from "./sensing-study.js";
export type {
  Recipe,
  RecipeContext,
  RecipeFigure,
  RecipeId,
  RecipeRecord,
  RecipeSeries,
  RecipeTable,
} from "./recipe.js";
export type { MethodResult, RobustnessResult } from "./matrix-experiments.js";
export { digitExperiment, digitsExperiment, type DigitOptions, type DigitResult, type DigitSummary } from "./digits.js";
