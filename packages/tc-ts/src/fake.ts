import type { CommandResult, Runner } from "@cni-chain/exec";

/** What a fake device has; numbers as tc prints them. */
export interface FakeDevice {
  root?: { kind: string; handle: string; rate?: number; burst?: number; limit?: number };
  hook?: "ingress" | "clsact";
  filters: { pref: number; handle: string; target: string }[];
}

export interface FakeTc extends Runner {
  /** By device name; a test may put in what somebody else would have. */
  readonly devices: Map<string, FakeDevice>;
}

export interface FakeTcOptions {
  /** Whether there is a link of this name. */
  readonly exists: (device: string) => boolean;
  /** A line for which this says true is refused, as by the kernel. */
  readonly refuse?: (line: string) => boolean;
}

type Answer = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/**
 * A model of tc for tests: understands what this library renders, keeps state, and refuses what the kernel refuses (a
 * second hook, a wrong handle, a missing device), with tc's exit codes.
 */
export function fakeTc({ exists, refuse = () => false }: FakeTcOptions): FakeTc {
  const devices = new Map<string, FakeDevice>();
  const execute = (line: string): Answer => {
    const [, name = ""] = / dev (\S+)/.exec(line) ?? [];
    if (!exists(name)) return { exitCode: 1, stdout: "", stderr: `Cannot find device "${name}"\n` };
    const device = devices.get(name) ?? { filters: [] };
    devices.set(name, device);
    const answer = refuse(line) ? undefined : carryOut(line, device);
    if (answer !== undefined) return { exitCode: 0, stdout: answer, stderr: "" };
    return { exitCode: 2, stdout: "", stderr: "RTNETLINK answers: Operation not permitted\n" };
  };
  return {
    devices,
    async run({ file, argv, stdin }): Promise<CommandResult> {
      if (file !== "tc") return { kind: "notFound", path: "" };
      if (stdin === undefined)
        return { kind: "exited", ...execute(argv.filter((word) => word[0] !== "-").join(" ")) };
      let stdout = "";
      for (const [index, line] of stdin.trimEnd().split("\n").entries()) {
        const answer = execute(line);
        if (answer.exitCode !== 0) {
          const stderr = `${answer.stderr}Command failed -:${index + 1}\n`;
          return { kind: "exited", exitCode: 1, stdout, stderr };
        }
        stdout += answer.stdout;
      }
      return { kind: "exited", exitCode: 0, stdout, stderr: "" };
    },
  };
}

/** Undefined: the kernel refuses. */
function carryOut(line: string, device: FakeDevice): string | undefined {
  const [object = "", verb = "", , , ...rest] = line.split(" ");
  const last = rest.at(-1) ?? "";
  switch (`${object} ${verb}`) {
    case "qdisc show":
      return `${JSON.stringify(shownQdiscs(device))}\n`;
    case "filter show":
      return `${JSON.stringify(device.filters.map(shownFilter))}\n`;
    case "qdisc replace": {
      const [, handle = "", rate, burst, limit] =
        /handle (\S+) tbf rate (\d+)bps burst (\d+) limit (\d+)$/.exec(line) ?? [];
      device.root = { kind: "tbf", handle, rate: Number(rate), burst: Number(burst), limit: Number(limit) };
      return "";
    }
    case "qdisc add":
      if (device.hook !== undefined || (last !== "ingress" && last !== "clsact")) return undefined;
      device.hook = last;
      return "";
    case "qdisc delete":
      return deleteQdisc(device, last);
    case "filter add": {
      if (device.hook === undefined) return undefined;
      const [, pref] = / prio (\d+) /.exec(line) ?? [];
      device.filters.push({ pref: Number(pref), handle: `80${device.filters.length}::800`, target: last });
      return "";
    }
    case "filter delete": {
      const [, pref, handle] = / prio (\d+)(?: handle (\S+))? u32$/.exec(line) ?? [];
      const left = device.filters.filter(
        (filter) => filter.pref !== Number(pref) || (handle !== undefined && filter.handle !== handle),
      );
      if (left.length === device.filters.length) return undefined;
      device.filters = left;
      return "";
    }
    default:
      return undefined;
  }
}

function deleteQdisc(device: FakeDevice, last: string): string | undefined {
  if (last === device.hook) {
    delete device.hook;
    device.filters = [];
    return "";
  }
  if (last !== device.root?.handle) return undefined;
  delete device.root;
  return "";
}

function shownQdiscs({ root, hook }: FakeDevice): readonly object[] {
  const { kind = "noqueue", handle = "0:", ...options } = root ?? {};
  const hooks = hook === undefined ? [] : [{ kind: hook, handle: "ffff:", parent: "ffff:fff1" }];
  return [{ kind, handle, root: true, options }, ...hooks];
}

function shownFilter({ pref, handle, target }: FakeDevice["filters"][number]): object {
  const action = { kind: "mirred", mirred_action: "redirect", direction: "egress", to_dev: target };
  const options = { fh: handle, match: { value: "0", mask: "0" }, actions: [action] };
  return { protocol: "all", pref, kind: "u32", options };
}
