import { foldKeys } from "./fold-keys.ts";
import { isJsonObject, type Json, type JsonObject, shown } from "./json.ts";
import type { AttachmentId, Problem, Read } from "./plugin.ts";

const key = "cni.dev/valid-attachments";
const fields = { containerID: {}, ifname: {} };

/**
 * Reads the list a runtime passes to GC (CNI specification 1.1, section "GC"). `null` is an empty list: so libcni, being
 * in Go, writes the list of a runtime that has no container. No key at all is a problem: libcni leaves it out when
 * its caller has given no list, and a node full of valid attachments must not pass for an empty one.
 */
export function readValidAttachments(netConf: JsonObject): Read<readonly AttachmentId[]> {
  // Not among the schema's keys, where null would count as absent.
  const [, written] = Object.entries(netConf).findLast(([name]) => name.toLowerCase() === key) ?? [];
  if (written === undefined) return failed({ path: key, message: "missing, GC needs it" });
  if (written === null) return { ok: true, value: [] };
  if (!Array.isArray(written)) {
    return failed({ path: key, message: `${shown(written)} is not allowed, must be an array` });
  }
  const read = written.map((entry: Json, index) => readAttachment(entry, `${key}[${index}]`));
  const problems = read.flatMap((entry) => (entry.ok ? [] : entry.problems));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: read.flatMap((entry) => (entry.ok ? [entry.value] : [])) };
}

function readAttachment(entry: Json, path: string): Read<AttachmentId> {
  const folded = foldKeys(entry, { properties: fields });
  if (!isJsonObject(folded))
    return failed({ path, message: `${shown(entry)} is not allowed, must be an object` });
  const { containerID, ifname } = folded;
  const problems = Object.entries({ containerID, ifname }).flatMap(([field, value]) => {
    if (typeof value === "string" && value !== "") return [];
    const message = value === undefined ? "missing" : `${shown(value)} is not allowed, must be a name`;
    return [{ path: `${path}.${field}`, message }];
  });
  if (typeof containerID !== "string" || typeof ifname !== "string" || problems.length > 0) {
    return { ok: false, problems };
  }
  return { ok: true, value: { containerId: containerID, ifname } };
}

function failed(problem: Problem): Read<never> {
  return { ok: false, problems: [problem] };
}
