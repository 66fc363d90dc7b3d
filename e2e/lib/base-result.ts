import { compareVersions, type ResultDocument } from "./cni.ts";

export interface Wiring {
  /** Only in bridge mode. */
  readonly bridge?: { readonly name: string; readonly mac: string };
  readonly hostVeth: { readonly name: string; readonly mac: string };
  readonly pod: { readonly name: string; readonly mac: string; readonly sandbox: string };
  readonly addresses: readonly PodAddress[];
}

export interface PodAddress {
  readonly family: 4 | 6;
  /** With prefix length. */
  readonly address: string;
  readonly gateway: string;
}

/** The result of the base network in the shape of a CNI version. */
export function baseResult(cniVersion: string, wiring: Wiring): ResultDocument {
  const route = (family: 4 | 6) => ({ dst: family === 4 ? "0.0.0.0/0" : "::/0" });
  if (compareVersions(cniVersion, "0.3.0") < 0) {
    const legacy = wiring.addresses.map(({ family, address, gateway }) => [
      `ip${family}`,
      { ip: address, gateway, routes: [route(family)] },
    ]);
    return { cniVersion, ...Object.fromEntries(legacy), dns: {} };
  }
  const interfaces = [...(wiring.bridge === undefined ? [] : [wiring.bridge]), wiring.hostVeth, wiring.pod];
  const withVersion = compareVersions(cniVersion, "1.0.0") < 0;
  return {
    cniVersion,
    interfaces,
    ips: wiring.addresses.map(({ family, address, gateway }) => ({
      ...(withVersion ? { version: String(family) } : {}),
      interface: interfaces.length - 1,
      address,
      gateway,
    })),
    routes: wiring.addresses.map(({ family }) => route(family)),
    dns: {},
  };
}
