import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { parseAddress } from "@cni-chain/core";
import { exchangeOver, flag, type OpenSocket, parseAttributes, type Request } from "@cni-chain/netlink";

/** RTM_GETADDR of linux/rtnetlink.h; struct ifaddrmsg, behind which the attributes begin; IFA_ADDRESS and IFA_LOCAL. */
const getAddress = 22;
const headerBytes = 8;
const attribute = { address: 1, local: 2 } as const;

/**
 * Every address of every network namespace of this node, in its canonical spelling: of those that a process lives in or
 * that are bound to a path here. Undefined where any of them could not be read, so that nothing is proven by absence.
 */
export function addressesOfAllNamespaces(open: OpenSocket | undefined): ReadonlySet<string> | undefined {
  if (open === undefined) return undefined;
  const found = new Set<string>();
  try {
    for (const path of namespacePaths()) for (const address of addressesIn(open, path)) found.add(address);
  } catch {
    return undefined;
  }
  return found;
}

/** A path to each namespace. Throws where a process hides its own. */
function namespacePaths(): Iterable<string> {
  const paths = new Map<string, string>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const path = `/proc/${pid}/ns/net`;
    const name = unlessGone(() => readlinkSync(path));
    if (name !== undefined && !paths.has(name)) paths.set(name, path);
  }
  for (const { name, path } of parseNamespaceMounts(readFileSync("/proc/self/mountinfo", "utf8"))) {
    paths.set(name, path);
  }
  return paths.values();
}

/** The network namespaces that are mounted somewhere, by proc_pid_mountinfo(5): `net:[4026532000]`, and where. */
export function parseNamespaceMounts(text: string): { readonly name: string; readonly path: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, , , name = "", written = ""] = line.split(" ");
    if (!name.startsWith("net:[")) return [];
    const path = written.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ name, path }];
  });
}

function addressesIn(open: OpenSocket, path: string): readonly string[] {
  const socket = unlessGone(() => open(path));
  if (socket === undefined) return [];
  try {
    const request: Request = {
      what: () => `addr show in ${path}`,
      type: getAddress,
      flags: flag.dump,
      body: new Uint8Array(headerBytes),
    };
    return exchangeOver(socket)(request).flatMap(({ body }) => {
      const attributes = parseAttributes(body.subarray(headerBytes));
      return [attribute.local, attribute.address].flatMap((type) => addressOf(attributes.get(type)) ?? []);
    });
  } finally {
    socket.close();
  }
}

function addressOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const text = bytes.length === 4 ? bytes.join(".") : (bytes.toHex().match(/.{4}/g) ?? []).join(":");
  return parseAddress(text)?.address;
}

/** A process that ended meanwhile has no namespace to be looked at. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const gone = error instanceof Error && /ENOENT|ESRCH|no such/i.test(error.message);
    if (gone) return undefined;
    throw error;
  }
}
