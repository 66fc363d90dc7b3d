export * from "./attributes.ts";
export * from "./errors.ts";
export * from "./exchange.ts";
export * from "./links.ts";
export * from "./message.ts";
export { netnsidOf } from "./netnsid.ts";
export { hasNfChain, type NfFamily, nfTableNames } from "./nf-tables.ts";
export { deviceTo } from "./routes.ts";
export type * from "./socket.ts";
