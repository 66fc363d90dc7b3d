import { ownerDocument } from "../list/document.ts";
import type { Flow, TopRow } from "./rates.ts";

/** The document of one sample of `top --json`; its shape is told in packages/cli/README.md. */
export function topDocument(rows: readonly TopRow[], seconds: number) {
  return {
    intervalSeconds: rounded(seconds),
    pods: rows.map(({ hostDevice, ifb, owner, ...flows }) => ({
      hostDevice: hostDevice ?? null,
      ifb: ifb ?? null,
      ingress: flowDocument(flows.in),
      egress: flowDocument(flows.out),
      ...ownerDocument(owner),
    })),
  };
}

function flowDocument(flow: Flow | undefined) {
  if (flow === undefined) return null;
  return {
    limitBitsPerSecond: flow.limitBitsPerSecond,
    bitsPerSecond: Math.round(flow.bitsPerSecond),
    dropsPerSecond: rounded(flow.dropsPerSecond),
    overlimitsPerSecond: rounded(flow.overlimitsPerSecond),
    backlogBytes: flow.backlogBytes,
  };
}

const rounded = (number: number) => Math.round(number * 1000) / 1000;
