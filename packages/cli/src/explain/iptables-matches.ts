import type { Clause } from "iptables-wrapper";
import { isWithin } from "./addresses.ts";
import { not, type Packet, type Test, truth } from "./packet.ts";

/** Options that belong to a target, or to a match whose other options say it all. */
const saysNothing = new Set([
  "-j",
  "-g",
  "--comment",
  "--to-destination",
  "--to-source",
  "--to-ports",
  "--set-xmark",
  "--set-mark",
  "--or-mark",
  "--and-mark",
  "--random",
  "--random-fully",
  "--persistent",
  "--reject-with",
  "--log-prefix",
  "--log-level",
  "--nflog-group",
  "--nflog-prefix",
  "--ctmask",
  "--nfmask",
  "--save-mark",
  "--restore-mark",
  "--clamp-mss-to-pmtu",
]);
/** Matches of which every option is known here. */
const known = new Set(["comment", "multiport", "addrtype", "conntrack", "state", "mark"]);

/** The tests that an option of a rule makes. */
export function testOf({ option, negated, values }: Clause, all: readonly Clause[]): Test[] {
  const [value = ""] = values;
  const sense = (test: Test): Test[] => [negated ? not(test) : test];
  switch (option) {
    case "-s":
      return sense(({ source }) => truth(isWithin(source, value)));
    case "-d":
      return sense(({ destination }) => truth(isWithin(destination, value)));
    case "-p":
      return value === "all" ? [] : sense(({ protocol }) => truth(protocol === value));
    case "-i":
      return sense(({ inDevice }) => truth(isDevice(inDevice, value)));
    case "-o":
      return sense(({ outDevice }) => truth(isDevice(outDevice, value)));
    case "--dport":
    case "--dports":
      return sense(({ destinationPort }) => truth(hasPort(value, destinationPort)));
    case "--sport":
    case "--sports":
    case "--ports":
      return sense(({ sourcePort }) =>
        sourcePort === undefined ? "may" : truth(hasPort(value, sourcePort)),
      );
    case "--dst-type":
      return sense(addressType(value, ({ destination }) => destination));
    case "--src-type":
      return sense(addressType(value, ({ source }) => source));
    case "--ctstate":
    case "--state":
      return sense((packet) => truth(value.split(",").some((state) => hasState(packet, state))));
    case "--ctstatus":
      return sense(({ dnat, snat }) =>
        /^(?:DNAT|SNAT)$/.test(value) ? truth(value === "DNAT" ? dnat : snat) : "may",
      );
    case "--mark": {
      const [wanted = 0, mask = 0xffff_ffff] = value.split("/").map(Number);
      // Only of conntrack's mark, which is not followed here, there is an option of the same name.
      if (all.some(({ option, values }) => option === "-m" && values[0] === "connmark")) return [() => "may"];
      return sense(({ mark }) => truth((mark & mask) >>> 0 === wanted >>> 0));
    }
    case "-m":
      return known.has(value) ? [] : [() => "may"];
    default:
      return saysNothing.has(option) ? [] : [() => "may"];
  }
}

function isDevice(device: string | undefined, pattern: string): boolean {
  if (device === undefined) return false;
  return pattern.endsWith("+") ? device.startsWith(pattern.slice(0, -1)) : device === pattern;
}

function hasPort(list: string, port: number): boolean {
  return list.split(",").some((entry) => {
    const [first = "", last = first] = entry.split(":");
    return port >= Number(first || 0) && port <= Number(last || 65_535);
  });
}

function addressType(types: string, which: (packet: Packet) => string): Test {
  return (packet, node) => {
    const isLocal = node.isLocal(which(packet));
    const names = types.split(",");
    if (names.includes("LOCAL")) return isLocal ? "yes" : names.length === 1 ? "no" : "may";
    if (names.includes("UNICAST")) return isLocal ? "no" : "yes";
    return "may";
  };
}

function hasState({ state, dnat, snat }: Packet, name: string): boolean {
  if (name === "DNAT") return dnat;
  if (name === "SNAT") return snat;
  return name.toLowerCase() === state;
}
