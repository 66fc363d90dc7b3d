export * from "./attributes.ts";
export * from "./errors.ts";
export * from "./exchange.ts";
export * from "./links.ts";
export * from "./message.ts";
export type * from "./socket.ts";
