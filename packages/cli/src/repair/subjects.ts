import { definition as bandwidth } from "@cni-chain/bandwidth/definition";
import {
  type AttachmentCall,
  checkConfig,
  type Definition,
  foldKeys,
  isCniVersion,
  isJsonObject,
  readResult,
} from "@cni-chain/core";
import { definition as portmap } from "@cni-chain/portmap/definition";
import type { CachedAttachment } from "../libcni/cache.ts";
import { ConfError, type ConfList, parseConfList } from "../libcni/parse-conf-list.ts";
import { attachmentInput, pluginInput } from "../libcni/plugin-input.ts";

type CallOf<D> = D extends Definition<infer Config> ? AttachmentCall<Config> : never;
type PortmapCall = CallOf<typeof portmap>;
export type BandwidthCall = CallOf<typeof bandwidth>;

/** A cached attachment, and what its ADD asked of our plugins: read by their own code. */
export interface Subject {
  readonly attachment: CachedAttachment;
  readonly portmap: readonly PortmapCall[];
  readonly bandwidth: readonly BandwidthCall[];
  /** Why a part of it cannot be told. */
  readonly problems: readonly string[];
}

/** Reads an entry as the plugins would read the input they were given. What they would refuse is a problem. */
export function subjectOf(attachment: CachedAttachment, warn: (message: string) => void): Subject {
  const problems: string[] = [];
  const list = listOf(attachment, problems);
  if (list === undefined) return { attachment, portmap: [], bandwidth: [], problems };
  const read = <Config>(definition: Definition<Config>): AttachmentCall<Config>[] =>
    list.plugins
      .filter(({ type }) => type === definition.type)
      .flatMap((plugin) => {
        const input = pluginInput(
          list,
          plugin,
          attachmentInput(plugin, inputOf(attachment), attachment.result),
        );
        const netConf = foldKeys(input, definition.schema.keys);
        if (!isJsonObject(netConf)) return [];
        const version = isCniVersion(list.cniVersion) ? list.cniVersion : "1.0.0";
        const config = checkConfig(definition, netConf);
        const result = readResult(attachment.result, version);
        const found = [...config.problems, ...(result.ok ? [] : result.problems)];
        problems.push(...found.map(({ path, message }) => `${definition.type}: ${path}: ${message}`));
        if (config.read === undefined || !result.ok) return [];
        const { network, containerId, ifname, netns = "" } = attachment;
        return [
          {
            cniVersion: version,
            warn,
            attachment: { network, containerId, ifname },
            config: config.read.value,
            netns,
            prevResult: result.value,
          },
        ];
      });
  return { attachment, portmap: read(portmap), bandwidth: read(bandwidth), problems };
}

function listOf({ configText }: CachedAttachment, problems: string[]): ConfList | undefined {
  try {
    return parseConfList(configText);
  } catch (error) {
    if (!(error instanceof ConfError) && !(error instanceof Error && error.name === "CniError")) throw error;
    problems.push(`the cached configuration: ${error.message}`);
    return undefined;
  }
}

function inputOf({ containerId, ifname, netns = "", cniArgs, capabilityArgs }: CachedAttachment) {
  return { containerId, ifname, netns, cniArgs, capabilityArgs };
}
