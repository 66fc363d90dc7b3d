import { parseAddress } from "@cni-chain/core";
import { UsageError } from "../failure.ts";

/** One entry of the capability portMappings. */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostIP?: string;
}

const protocols = ["tcp", "udp", "sctp"] as const;

const forms = "8080:80, 8080:80/udp, 127.0.0.1:8080:80, [::1]:8080:80 or 8000-8010:8000-8010";

/**
 * Reads what `--publish` is given: [HOSTIP:]HOSTPORT:PORT[/PROTOCOL], each port may be a range, both of one length.
 * Throws UsageError.
 */
export function parsePublish(text: string): readonly PortMapping[] {
  const wrong = (why: string) => new UsageError(`--publish ${text}: ${why}; write ${forms}`);
  const [, host, hostPorts = "", ports = "", protocolText = "tcp"] =
    /^(?:(.*):)?([^:]*):([^:/]*)(?:\/(.*))?$/.exec(text) ?? [];
  if (hostPorts === "" || ports === "") throw wrong("a host port and a container port are needed");
  const protocol = protocols.find((known) => known === protocolText.toLowerCase());
  if (protocol === undefined) throw wrong(`the protocol is ${protocols.join(", ")}`);
  const hostIP = host === undefined ? undefined : hostAddress(host, wrong);
  const [from, to] = [range(hostPorts, wrong), range(ports, wrong)];
  if (from.length !== to.length) throw wrong(`${from.length} host ports for ${to.length} container ports`);
  return from.map((hostPort, at) => ({
    hostPort,
    containerPort: to[at] ?? 0,
    protocol,
    ...(hostIP === undefined ? {} : { hostIP }),
  }));
}

type Wrong = (why: string) => UsageError;

function hostAddress(text: string, wrong: Wrong): string {
  const [, inBrackets] = /^\[(.*)\]$/.exec(text) ?? [];
  const address = parseAddress(inBrackets ?? text);
  if (address === undefined) throw wrong(`${text} is no address of this node`);
  if (address.family === "v6" && inBrackets === undefined) throw wrong("an IPv6 address stands in brackets");
  return address.address;
}

function range(text: string, wrong: Wrong): readonly number[] {
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to > 65_535) throw wrong(`${text}: ports are 1 to 65535`);
  if (from > to) throw wrong(`${text} runs backwards`);
  return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
}
