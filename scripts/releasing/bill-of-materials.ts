import { createHash } from "node:crypto";
import type { Component, Inside } from "../../packages/core/src/about.ts";

export interface Shipped {
  /** The names under which one file is in the archive. */
  readonly names: readonly string[];
  readonly sha256: string;
  readonly inside: Inside;
}

/**
 * What is in an archive as a CycloneDX 1.6 document: each executable with what it is made of. It has no date, and its
 * serial number comes from its content, so that one commit has one document.
 * @param integrities by `name@version`, as the lockfile has them (sha512, base64)
 */
export function billOfMaterials(
  version: string,
  arch: string,
  shipped: readonly Shipped[],
  integrities: ReadonlyMap<string, string>,
): object {
  const components = new Map<string, object>();
  const dependencies = shipped.map(({ inside, names, sha256 }) => {
    const [name = ""] = names;
    const parts = [...inside.packages, ...inside.engine];
    for (const part of parts) components.set(reference(part), described(part, integrities));
    const ref = `file:${name}@${version}`;
    components.set(ref, {
      "bom-ref": ref,
      type: "application",
      name,
      version,
      description: names.length > 1 ? `One file, with the names ${names.join(", ")}` : "One file",
      licenses: licences(inside.licence),
      hashes: [{ alg: "SHA-256", content: sha256 }],
    });
    return { ref, dependsOn: parts.map(reference) };
  });
  const whole = `cni-chain@${version}`;
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        "bom-ref": whole,
        type: "application",
        name: "cni-chain",
        version,
        description: `Archive for linux-${arch}`,
        licenses: licences("Apache-2.0"),
      },
    },
    components: [...components.values()],
    dependencies: [{ ref: whole, dependsOn: dependencies.map(({ ref }) => ref) }, ...dependencies],
  };
  return { ...document, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(document))}` };
}

const reference = ({ name, version }: Component): string => `${name}@${version}`;

function described(part: Component, integrities: ReadonlyMap<string, string>): object {
  const { name, version, licence } = part;
  const integrity = integrities.get(reference(part));
  return {
    "bom-ref": reference(part),
    type: "library",
    name,
    ...(version === "" ? {} : { version }),
    licenses: licences(licence),
    ...(integrity === undefined
      ? {}
      : {
          hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") }],
          purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        }),
  };
}

/** An identifier, an expression of several, or words. */
function licences(licence: string): object[] {
  if (/^\S+$/.test(licence)) return [{ license: { id: licence } }];
  return / (?:AND|OR) /.test(licence) ? [{ expression: licence }] : [{ license: { name: licence } }];
}

/** RFC 9562, version 8: bits of a hash. */
function uuidOf(content: string): string {
  const hex = createHash("sha256").update(content).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
