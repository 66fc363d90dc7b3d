import type { Attachment } from "@cni-chain/core";
import type { Link } from "@cni-chain/ip-ts";
import type { BandwidthConfig, Limit } from "./config.ts";
import { ifbName, ownerText } from "./names.ts";
import type { Wanted } from "./plan.ts";
import { shape } from "./shaping.ts";

/** What the configuration asks for on this veth, and a sentence for each burst that had to be raised. */
export function wantedFor(
  attachment: Attachment,
  config: BandwidthConfig,
  veth: Link,
): { readonly wanted: Wanted; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const tbf = (direction: string, limit: Limit | undefined) => {
    if (limit === undefined) return undefined;
    const { tbf, raisedFrom } = shape(limit, veth.mtu, config.latency);
    if (raisedFrom !== undefined) {
      warnings.push(
        `${direction}Burst of ${raisedFrom} bytes is less than a packet: raised to ${tbf.burst} bytes (MTU ${veth.mtu})`,
      );
    }
    return tbf;
  };
  const wanted = {
    ingress: tbf("ingress", config.ingress),
    egress: tbf("egress", config.egress),
    ifb: ifbName(attachment),
    owner: ownerText(attachment, veth.name),
  };
  return { wanted, warnings };
}
