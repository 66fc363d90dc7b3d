export * from "./command.ts";
export * from "./command-error.ts";
export { batchWord, runBatch } from "./iproute2-batch.ts";
export { parseIproute2Json } from "./iproute2-json.ts";
