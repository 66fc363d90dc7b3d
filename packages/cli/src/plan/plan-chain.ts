import { bandwidth } from "@cni-chain/bandwidth/plugin";
import { isJsonObject, type Json, type JsonObject, parseJson, printJson, runPlugin } from "@cni-chain/core";
import type { Command } from "@cni-chain/exec";
import { bunRunner } from "@cni-chain/exec/bun";
import { withUsualPlaces } from "@cni-chain/exec/requirements";
import { files } from "@cni-chain/libc";
import { loopback } from "@cni-chain/loopback/plugin";
import { backendFor } from "@cni-chain/portmap/backends";
import { portmap } from "@cni-chain/portmap/plugin";
import type { Attachment } from "../libcni/attachment.ts";
import type { ConfList, PluginConf } from "../libcni/conf-list.ts";
import { attachmentInput, pluginEnv, pluginInput } from "../libcni/plugin-input.ts";
import type { PlannedChange } from "./change.ts";
import type { SupposedLink } from "./dry-links.ts";
import { type DryPorts, dryPorts } from "./ports.ts";

type Verb = "ADD" | "DEL";

/** A call of a chain, of which only our plugins are planned. */
export interface ChainCall {
  readonly verb: Verb;
  readonly list: ConfList;
  readonly attachment: Attachment;
  /** ADD: what the plugins before ours will have answered. DEL: the chain's last result. */
  readonly prevResult: JsonObject | undefined;
  /** What will be there by then, but is not yet. */
  readonly supposed: readonly SupposedLink[];
}

export interface ChainPlan {
  /** Everything that would be different. */
  readonly changes: readonly PlannedChange[];
  /** What would bring it about, in this order. */
  readonly commands: readonly Command[];
  /** What the plugins would say on standard error. */
  readonly warnings: readonly string[];
  /** Types of the list's plugins that are not ours, in its order. */
  readonly notPlanned: readonly string[];
  /** The answer that would end the chain. */
  readonly failure?: PluginFailure;
}

interface PluginFailure {
  readonly plugin: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** Milliseconds for all looks of one plan. */
const budgetMs = 30_000;

/** Runs our plugins of the list on ports that change nothing. */
export async function planChain(
  call: ChainCall,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChainPlan> {
  const path = withUsualPlaces(env["PATH"] ?? "");
  const ports = dryPorts(bunRunner({ env: { ...env, PATH: path }, budgetMs }), path, call.supposed);
  const plugins = call.verb === "ADD" ? call.list.plugins : call.list.plugins.toReversed();
  const warnings: string[] = [];
  let { prevResult } = call;
  let failure: PluginFailure | undefined;
  for (const conf of plugins.filter(({ type }) => isOurs(type))) {
    const answer = await runOurs(conf, call, prevResult, ports, env);
    warnings.push(...answer.warnings);
    if (answer.exitCode === 0) {
      if (call.verb === "ADD") prevResult = answer.document;
      continue;
    }
    const failed = failureOf(conf.type, answer.document);
    failure ??= failed;
    // A chain's ADD ends there; at DEL the runtime tries again, and what can be removed is.
    if (call.verb === "ADD") break;
  }
  return {
    changes: await ports.changes(),
    commands: ports.commands(),
    warnings,
    notPlanned: call.list.plugins.flatMap(({ type }) => (isOurs(type) ? [] : [type])),
    ...(failure === undefined ? {} : { failure }),
  };
}

type Ours = "portmap" | "bandwidth" | "loopback";

function isOurs(type: string): type is Ours {
  return type === "portmap" || type === "bandwidth" || type === "loopback";
}

interface Answer {
  readonly exitCode: number;
  readonly document: JsonObject | undefined;
  readonly warnings: readonly string[];
}

async function runOurs(
  conf: PluginConf,
  call: ChainCall,
  prevResult: JsonObject | undefined,
  { network, host }: DryPorts,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  let stdout = "";
  let stderr = "";
  const io = {
    env: {
      ...env,
      ...pluginEnv(call.verb, ["planned"], call.attachment),
    },
    readStdin: () =>
      printJson(pluginInput(call.list, conf, attachmentInput(conf, call.attachment, prevResult))),
    writeStdout: (text: string) => {
      stdout += text;
    },
    writeStderr: (text: string) => {
      stderr += text;
    },
    netnsIdentity: (path: string) => files.identity(path),
  };
  const inProcess = { byNetlink: async () => network, byTools: async () => network, path: host.path };
  const linksAlone = {
    byNetlink: async () => network.links,
    byTools: async () => network.links,
    path: host.path,
  };
  const run = {
    portmap: () =>
      runPlugin(
        portmap(async (wanted, warn) => ({ ...host, backend: await backendFor(wanted, host, warn) })),
        io,
      ),
    bandwidth: () => runPlugin(bandwidth(inProcess), io),
    loopback: () => runPlugin(loopback(linksAlone), io),
  };
  const exitCode = isOurs(conf.type) ? await run[conf.type]() : 0;
  const document: Json = stdout === "" ? {} : parseJson(stdout);
  const warnings = stderr.split("\n").filter((line) => line !== "");
  return { exitCode, document: isJsonObject(document) ? document : undefined, warnings };
}

function failureOf(plugin: string, document: JsonObject | undefined): PluginFailure {
  const { code, msg, details } = document ?? {};
  return {
    plugin,
    code: typeof code === "number" ? code : 999,
    msg: typeof msg === "string" ? msg : "no answer",
    details: typeof details === "string" ? details : "",
  };
}
