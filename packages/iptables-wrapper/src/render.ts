import type { Mark, Rule, Target } from "./rule.ts";

/** Longest comment the kernel takes, in bytes without the terminator (XT_MAX_COMMENT_LEN is 256). */
const maxCommentBytes = 255;
/** Ports in one multiport match (XT_MULTI_PORTS). */
export const maxMultiports = 15;

/**
 * The rule as iptables arguments, without `-A CHAIN`, in the order in which the tool lists them, so that the two can be
 * compared as text. Throws RangeError on what iptables could not hold.
 */
export function renderRule(rule: Rule): string[] {
  const tokens: string[] = [];
  if (rule.source !== undefined) tokens.push("-s", rule.source);
  if (rule.destination !== undefined) tokens.push("-d", rule.destination);
  if (rule.inInterface !== undefined) {
    tokens.push(...(rule.inInterface.negated ? ["!"] : []), "-i", rule.inInterface.name);
  }
  if (rule.protocol !== undefined) tokens.push("-p", rule.protocol);
  if (rule.comment !== undefined) tokens.push("-m", "comment", "--comment", checkedComment(rule.comment));
  if (rule.destinationPorts !== undefined) {
    tokens.push("-m", "multiport", "--dports", portList(rule.destinationPorts));
  }
  if (rule.destinationPort !== undefined) tokens.push("--dport", port(rule.destinationPort));
  if (rule.destinationType !== undefined) tokens.push("-m", "addrtype", "--dst-type", rule.destinationType);
  if (rule.mark !== undefined) tokens.push("-m", "mark", "--mark", hexMark(rule.mark));
  tokens.push(...(rule.conditions ?? []), ...renderTarget(rule.target));
  return tokens;
}

function renderTarget(target: Target): string[] {
  switch (target.kind) {
    case "jump":
      return ["-j", target.to];
    case "dnat": {
      const address = target.address.includes(":") ? `[${target.address}]` : target.address;
      return ["-j", "DNAT", "--to-destination", `${address}:${port(target.port)}`];
    }
    case "masquerade":
      return ["-j", "MASQUERADE"];
    case "mark":
      return ["-j", "MARK", "--set-xmark", hexMark(target)];
  }
}

function checkedComment(comment: string): string {
  const bytes = new TextEncoder().encode(comment).length;
  if (bytes > maxCommentBytes)
    throw new RangeError(`comment of ${bytes} bytes; iptables holds ${maxCommentBytes}`);
  return comment;
}

function portList(ports: readonly number[]): string {
  if (ports.length < 1 || ports.length > maxMultiports) {
    throw new RangeError(`${ports.length} ports in one multiport match; 1 to ${maxMultiports} are possible`);
  }
  return ports.map(port).join(",");
}

function port(value: number): string {
  if (!Number.isInteger(value) || value < 1 || value > 65535)
    throw new RangeError(`port ${value}; 1 to 65535`);
  return String(value);
}

function hexMark(mark: Mark): string {
  return `0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`;
}
