export * from "./command.ts";
export * from "./command-error.ts";
