/** Numbers of linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h and linux/tc_act/tc_mirred.h. */
export const qdiscType = { new: 36, delete: 37, get: 38 } as const;
export const filterType = { new: 44, delete: 45, get: 46 } as const;

/** Parents: at the root, of the qdisc for arriving packets, and of the filters on them. */
export const parent = { root: 0xffff_ffff, hook: 0xffff_fff1, arriving: 0xffff_fff2 } as const;
export const hookHandle = 0xffff_0000;

export const tca = { kind: 1, options: 2, statistics: 7 } as const;
export const tbfAttribute = { parameters: 1, rate64: 4, burst: 6 } as const;
export const u32Attribute = { classId: 1, divisor: 4, selector: 5, action: 7 } as const;
export const actionAttribute = { kind: 1, options: 2 } as const;
export const mirredParameters = 2;

/** Bytes of struct tcmsg, tc_tbf_qopt, tc_u32_sel, tc_u32_key and tc_mirred. */
export const bytesOf = { header: 20, tbf: 36, selector: 16, key: 16, mirred: 28 } as const;
export const egressRedirect = 1;

/** The kernel's tick for times that tc sets and shows (PSCHED_SHIFT in net/pkt_sched.h); 32 bits of them. */
export const nanosecondsPerTick = 64;

/** Names tc has for numbers of linux/if_ether.h; others stand as `[number]`. */
const protocols: Readonly<Record<string, number>> = {
  all: 0x0003,
  ip: 0x0800,
  arp: 0x0806,
  "802.1Q": 0x8100,
  ipv6: 0x86dd,
  mpls_uc: 0x8847,
  mpls_mc: 0x8848,
  "802.1ad": 0x88a8,
};

export function protocolName(number: number): string {
  return Object.entries(protocols).find(([, known]) => known === number)?.[0] ?? `[${number}]`;
}

/** Throws TypeError on a name that is not among those protocolName gives. */
export function protocolNumber(name: string): number {
  const number = protocols[name] ?? Number(/^\[(\d+)\]$/.exec(name)?.[1] ?? Number.NaN);
  if (Number.isInteger(number) && number <= 0xffff) return number;
  throw new TypeError(`not a protocol's name: ${JSON.stringify(name)}`);
}
