import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export type Document = Record<string, unknown>;

interface Kustomization {
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly patches?: readonly { readonly target: { readonly kind: string }; readonly patch: string }[];
}

interface Operation {
  readonly op: "add" | "replace";
  readonly path: string;
  readonly value: unknown;
}

const known = ["apiVersion", "kind", "namespace", "resources", "components", "images", "patches"];

/**
 * What `kustomize build` makes of a directory, as far as the manifests use kustomize: resources, components, JSON
 * patches (RFC 6902, add and replace), images, namespace, in the order in which kustomize applies them. Throws for
 * anything else.
 */
export function render(directory: string): Document[] {
  return apply(directory, []);
}

function apply(directory: string, given: Document[]): Document[] {
  const kustomization = documentsIn(join(directory, "kustomization.yaml"))[0] as Kustomization;
  const strange = Object.keys(kustomization).filter((key) => !known.includes(key));
  if (strange.length > 0) throw new Error(`${directory}: not understood: ${strange.join(", ")}`);
  const resources = (kustomization.resources ?? []).flatMap((name) => {
    const path = join(directory, name);
    return statSync(path).isDirectory() ? render(path) : documentsIn(path);
  });
  let documents = [...given, ...resources];
  for (const name of kustomization.components ?? []) documents = apply(join(directory, name), documents);
  for (const { target, patch } of kustomization.patches ?? []) {
    const found = documents.filter(({ kind }) => kind === target.kind);
    if (found.length === 0) throw new Error(`${directory}: no ${target.kind} to patch`);
    for (const document of found) {
      for (const operation of Bun.YAML.parse(patch) as Operation[]) carryOut(operation, document);
    }
  }
  for (const document of documents) {
    if (kustomization.namespace !== undefined)
      Object.assign(document["metadata"] as Document, { namespace: kustomization.namespace });
    setImages(document, kustomization);
  }
  return documents;
}

/** Every document of a YAML file. */
export function documentsIn(path: string): Document[] {
  if (!existsSync(path)) throw new Error(`${path} is not there`);
  const parsed = Bun.YAML.parse(readFileSync(path, "utf8"));
  return (Array.isArray(parsed) ? parsed : [parsed]) as Document[];
}

function carryOut({ op, path, value }: Operation, document: Document): void {
  const keys = path.split("/").slice(1);
  const last = keys.pop() ?? "";
  const parent = keys.reduce<unknown>((at, key) => (at as Document | undefined)?.[key], document);
  if (typeof parent !== "object" || parent === null) throw new Error(`nothing at ${path}`);
  if (Array.isArray(parent) && op === "add") {
    parent.splice(last === "-" ? parent.length : Number(last), 0, value);
  } else if (op === "replace" && !(last in parent)) throw new Error(`nothing to replace at ${path}`);
  else (parent as Document)[last] = value;
}

function setImages(at: unknown, { images = [] }: Kustomization): void {
  if (typeof at !== "object" || at === null) return;
  for (const [key, value] of Object.entries(at)) {
    if (key !== "image" || typeof value !== "string") {
      setImages(value, { images });
      continue;
    }
    const [, name = "", tag] = value.match(/^(.*?)(?::([^/]*))?$/) ?? [];
    const set = images.find((image) => image.name === name);
    if (set === undefined) continue;
    const newTag = set.newTag ?? tag;
    (at as Document)[key] = `${set.newName ?? name}${newTag === undefined ? "" : `:${newTag}`}`;
  }
}
