import type { Chain } from "../lib/chain.ts";
import type { Added, Stage } from "../lib/stage.ts";

/** Where the tests' runtime keeps its cache: in the node's private /run. */
export const cacheDir = "/run/cni-cache";

export interface Entry {
  readonly network?: string;
  readonly containerId: string;
  readonly ifname: string;
  readonly netns: string;
  readonly config: unknown;
  readonly capabilityArgs?: unknown;
  readonly result: unknown;
  /** As CNI_ARGS names it. */
  readonly pod?: string;
}

/** The entry that libcni writes at the end of an ADD (kind cniCacheV1), and its file. */
export function cacheEntry(entry: Entry): { readonly file: string; readonly text: string } {
  const { network = "net", containerId, ifname, netns, config, capabilityArgs = {}, result, pod } = entry;
  const document = {
    kind: "cniCacheV1",
    containerId,
    config: Buffer.from(JSON.stringify(config)).toString("base64"),
    ifName: ifname,
    networkName: network,
    netns,
    ...(pod === undefined
      ? {}
      : {
          cniArgs: [
            ["K8S_POD_NAMESPACE", "default"],
            ["K8S_POD_NAME", pod],
          ],
        }),
    capabilityArgs,
    result,
  };
  return { file: `${cacheDir}/results/${network}-${containerId}-${ifname}`, text: JSON.stringify(document) };
}

/** Writes an entry. `age` in seconds, for the order of entries. */
export async function writeEntry(stage: Stage, entry: Entry, age = 0): Promise<string> {
  const { file, text } = cacheEntry(entry);
  const script = `mkdir -p ${cacheDir}/results && cat > ${file} && touch -d @$(( $(date +%s) - ${age} )) ${file}`;
  await stage.node.run(["sh", "-ec", script], { stdin: text });
  return file;
}

/** ADDs a pod and writes its entry, as a runtime does. */
export async function addCached(
  stage: Stage,
  name: string,
  capabilityArgs: Added["attachment"]["capabilityArgs"],
  options: { readonly age?: number; readonly chain?: Chain } = {},
): Promise<Added & { readonly file: string }> {
  const { age = 0, chain = stage.chain } = options;
  const added = await stage.add(name, capabilityArgs, chain);
  const { containerId, ifname, netns } = added.attachment;
  const entry = { network: chain.conf.name, containerId, ifname, netns, config: chain.conf, capabilityArgs };
  return { ...added, file: await writeEntry(stage, { ...entry, result: added.result, pod: name }, age) };
}
