import manifest from "../package.json" with { type: "json" };
import { CniError, ErrorCode } from "./cni-error.ts";
import { checkConfig, configError, problemLines } from "./config-problems.ts";
import { resultDocument } from "./convert-result.ts";
import { errorDocument, oneLine } from "./documents.ts";
import { type Env, type Invocation, readInvocation } from "./invocation.ts";
import { parseJson, printJson } from "./json.ts";
import { askedVersion, foldNetConf, type NetConf, readNetConf } from "./net-conf.ts";
import type { AttachmentCall, DelCall, GcCall, Plugin, StatusCall } from "./plugin.ts";
import { readResult } from "./read-result.ts";
import { readValidAttachments } from "./valid-attachments.ts";
import { type CniVersion, isCniVersion } from "./versions.ts";

/** All that a plugin touches of the process it runs in. */
export interface Io {
  readonly env: Env;
  /** All of standard input; what has come within `patienceMs`, where that is given. */
  readStdin(patienceMs?: number): string;
  /** Writes all of the text or throws. */
  writeStdout(text: string): void;
  writeStderr(text: string): void;
  /** What tells one network namespace file from another (device and inode); undefined when there is none that can be looked at. */
  netnsIdentity(path: string): string | undefined;
  /** Rejects on an exception nobody awaited, so that it, too, becomes the one error document. */
  readonly fault?: Promise<never>;
}

export const ownNetns = "/proc/self/ns/net";

/** VERSION can be answered without input: a person, or a probe, that asks has none and may never close it. */
const versionPatienceMs = 1000;

/**
 * Runs one invocation of a plugin and gives its exit code. At most one JSON document goes to stdout: a
 * result, a version list, or (exit code 1) an error; CHECK, DEL, GC and STATUS that succeed print nothing.
 */
export async function runPlugin<Config>(plugin: Plugin<Config>, io: Io): Promise<number> {
  const run = new Run(plugin, io);
  let output: { readonly text: string; readonly exitCode: number };
  try {
    const work = run.answer();
    output = { text: await (io.fault === undefined ? work : Promise.race([work, io.fault])), exitCode: 0 };
  } catch (error) {
    output = { text: `${printJson(errorDocument(error, run.errorVersion))}\n`, exitCode: 1 };
  }
  try {
    if (output.text !== "") io.writeStdout(output.text);
    return output.exitCode;
  } catch {
    // Nobody reads any more; there is no one left to tell.
    return 1;
  }
}

class Run<Config> {
  /** Version of an error document, as good as it is known by now. */
  errorVersion: CniVersion = "1.1.0";
  readonly #plugin: Plugin<Config>;
  readonly #io: Io;

  constructor(plugin: Plugin<Config>, io: Io) {
    this.#plugin = plugin;
    this.#io = io;
  }

  /** Text for stdout. */
  async answer(): Promise<string> {
    const { supportedVersions, type, schema } = this.#plugin;
    const invocation = readInvocation(this.#io.env);
    if (invocation === undefined) {
      this.#io.writeStderr(
        `CNI ${type} plugin v${manifest.version}\nCNI protocol versions supported: ${supportedVersions.join(", ")}\n`,
      );
      return "";
    }
    const text = this.#stdin(invocation.command === "VERSION" ? versionPatienceMs : undefined);
    if (invocation.command === "VERSION") return document(this.#versionDocument(text));
    const folded = foldNetConf(parseJson(text), schema.keys);
    const asked = askedVersion(folded);
    if (isCniVersion(asked)) this.errorVersion = asked;
    const conf = readNetConf(folded, supportedVersions, invocation.command);
    this.#refuseOwnNetns(invocation);
    switch (invocation.command) {
      case "ADD": {
        const result = await this.#plugin.add(this.#attachmentCall(invocation, conf));
        return document(resultDocument(result, conf.cniVersion));
      }
      case "CHECK": {
        const differences = await this.#plugin.check(this.#attachmentCall(invocation, conf));
        if (differences.length > 0) throw checkFailure(differences);
        return "";
      }
      case "DEL":
        await this.#plugin.del(this.#delCall(invocation, conf));
        return "";
      case "GC":
        await this.#plugin.gc(this.#gcCall(conf));
        return "";
      case "STATUS":
        await this.#plugin.status(this.#statusCall(conf));
        return "";
    }
  }

  #stdin(patienceMs: number | undefined): string {
    try {
      return this.#io.readStdin(patienceMs);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CniError(ErrorCode.ioFailure, `standard input cannot be read: ${reason}`);
    }
  }

  #versionDocument(text: string) {
    const { supportedVersions, schema } = this.#plugin;
    const asked = text.trim() === "" ? undefined : askedVersion(foldNetConf(parseJson(text), schema.keys));
    const known = supportedVersions.find((version) => version === asked);
    return { cniVersion: known ?? supportedVersions.at(-1), supportedVersions };
  }

  /** A runtime that lost track of a container passes its own namespace: that would be the node's. */
  #refuseOwnNetns(invocation: Invocation): void {
    if (!("netns" in invocation) || invocation.command === "CHECK") return;
    const { command, netns, netnsOverride } = invocation;
    if (netns === undefined || netnsOverride) return;
    const identity = this.#io.netnsIdentity(netns);
    if (identity === undefined || identity !== this.#io.netnsIdentity(ownNetns)) return;
    throw new CniError(
      ErrorCode.sameNetns,
      `CNI_NETNS=${JSON.stringify(netns)} is the plugin's own network namespace; ${command} is refused`,
      "Set CNI_NETNS_OVERRIDE=TRUE if that is meant.",
    );
  }

  #attachmentCall(
    invocation: Extract<Invocation, { command: "ADD" | "CHECK" }>,
    conf: NetConf,
  ): AttachmentCall<Config> {
    const { document: netConf, cniVersion } = conf;
    const written = netConf["prevResult"];
    const config = checkConfig(this.#plugin, netConf);
    const prevResult = written === undefined ? undefined : readResult(written, cniVersion);
    const problems = [...config.problems, ...(prevResult?.ok === false ? prevResult.problems : [])];
    if (prevResult === undefined && this.#plugin.prevResult === "required") {
      const message = `missing, ${invocation.command} needs it: ${this.#plugin.type} must be called as chained plugin`;
      problems.push({ path: "prevResult", message });
    }
    if (config.read === undefined || problems.length > 0) throw configError(problems);
    return {
      ...this.#call(invocation, conf),
      config: config.read.value,
      netns: invocation.netns,
      prevResult: prevResult?.ok ? prevResult.value : undefined,
    };
  }

  #delCall(invocation: Extract<Invocation, { command: "DEL" }>, conf: NetConf): DelCall {
    const { document: netConf, cniVersion } = conf;
    const call = this.#call(invocation, conf);
    const written = netConf["prevResult"];
    const read = written === undefined ? undefined : readResult(written, cniVersion);
    if (read?.ok === false) call.warn(`prevResult is not used: ${problemLines(read.problems).join("; ")}`);
    return { ...call, netns: invocation.netns, prevResult: read?.ok ? read.value : undefined, netConf };
  }

  /** Without a list that can be trusted nothing may be taken for stale. */
  #gcCall(conf: NetConf): GcCall {
    const valid = readValidAttachments(conf.document);
    if (!valid.ok) throw configError(valid.problems);
    return { ...this.#anyCall(conf), network: conf.name, valid: valid.value, netConf: conf.document };
  }

  #statusCall(conf: NetConf): StatusCall<Config> {
    const { read, problems } = checkConfig(this.#plugin, conf.document);
    if (read === undefined) throw configError(problems);
    return { ...this.#anyCall(conf), network: conf.name, config: read.value };
  }

  #call({ containerId, ifname }: { containerId: string; ifname: string }, conf: NetConf) {
    return { ...this.#anyCall(conf), attachment: { network: conf.name, containerId, ifname } };
  }

  #anyCall({ cniVersion }: NetConf) {
    return {
      cniVersion,
      warn: (message: string) => this.#io.writeStderr(`${this.#plugin.type}: ${oneLine(message)}\n`),
    };
  }
}

function document(value: unknown): string {
  return `${printJson(value)}\n`;
}

function checkFailure(differences: readonly string[]): CniError {
  const [first = ""] = differences;
  const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
  return new CniError(
    ErrorCode.checkFailed,
    `CHECK found ${count}: ${oneLine(first)}`,
    differences.map(oneLine).join("\n"),
  );
}
