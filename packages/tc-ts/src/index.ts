export type * from "./change.ts";
export * from "./client.ts";
export * from "./parse.ts";
export type * from "./qdisc.ts";
export * from "./render.ts";
export * from "./tbf-difference.ts";
export * from "./traffic-control.ts";
export * from "./units.ts";
