export { isDeviceName } from "@cni-chain/netlink";
export * from "./client.ts";
export type * from "./link.ts";
export * from "./links.ts";
export * from "./netns.ts";
export * from "./parse.ts";
export * from "./render.ts";
export * from "./route.ts";
