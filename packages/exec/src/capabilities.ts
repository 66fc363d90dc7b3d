/** Bit numbers of linux/capability.h, as far as anything here needs one. */
const bits = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_SYS_ADMIN: 21 } as const;

export type Capability = keyof typeof bits;

/**
 * Those of the capabilities that are not effective, by the text of /proc/self/status, proc(5). None in a text that
 * does not tell.
 */
export function lackingCapabilities(
  procStatus: string,
  wanted: readonly Capability[],
): readonly Capability[] {
  const [, mask] = /^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus) ?? [];
  if (mask === undefined) return [];
  const effective = BigInt(`0x${mask}`);
  return wanted.filter((name) => ((effective >> BigInt(bits[name])) & 1n) === 0n);
}
