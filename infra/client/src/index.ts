export * from "./api.js";
export { NoAnswerError, ProblemError, orThrow } from "./runtime.js";
export type {
  Answer,
  BlankProblem,
  Config,
  List,
  ListItem,
  Open,
  Operation,
  Options,
  ProblemDetails,
  Refusal,
  Result,
  Unlisted,
  UnlistedProblem,
} from "./runtime.js";
