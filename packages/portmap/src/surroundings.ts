import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { files, isAbsent } from "@cni-chain/libc";
import type { Surroundings } from "iptables-wrapper";
import type { NfLook } from "./nf-look.ts";

/** What is known of this node's iptables without a process: the tools on PATH, legacy's tables, nft's chains. */
export function surroundings(path: string, nf: NfLook): Surroundings {
  return {
    realPath(tool) {
      const found = findTool(nodeFiles, tool, path);
      return found.kind === "onPath" ? files.realPath(`${found.directory}/${tool}`) : undefined;
    },
    legacyTables(family) {
      try {
        return files.readText(`/proc/net/${family === "v4" ? "ip" : "ip6"}_tables_names`).split("\n");
      } catch (error) {
        return isAbsent(error) ? [] : undefined;
      }
    },
    hasNftChain: nf.hasChain,
  };
}
