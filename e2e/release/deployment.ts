import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import type { IDaemonSet } from "kubernetes-models/apps/v1";
import { render } from "./kustomize.ts";

/** The manifests. */
export const deploy = resolve(import.meta.dirname, "..", "..", "packages", "cli", "deploy");

export const overlays: readonly string[] = readdirSync(join(deploy, "overlays"));
export const components: readonly string[] = readdirSync(join(deploy, "components"));

/** Somebody's own overlay of one of the overlays, with components and the name of an image. Removed with its scope. */
export class OwnOverlay implements Disposable {
  readonly directory: string;

  constructor(base: string, withComponents: readonly string[], image?: string) {
    this.directory = mkdtempSync(join(tmpdir(), "cni-chain-overlay-"));
    const at = (...names: string[]) => relative(this.directory, join(deploy, ...names));
    const [, newName = "", newTag = ""] = image?.match(/^(.*):([^:]*)$/) ?? [];
    const kustomization = {
      resources: [at(base)],
      components: withComponents.map((name) => at("components", name)),
      ...(image === undefined ? {} : { images: [{ name: "cni-chain", newName, newTag }] }),
    };
    // JSON is YAML.
    writeFileSync(join(this.directory, "kustomization.yaml"), JSON.stringify(kustomization));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** The one DaemonSet of a deployment. */
export function daemonSet(base: string, withComponents: readonly string[] = [], image?: string): IDaemonSet {
  using own = new OwnOverlay(base, withComponents, image);
  const documents = render(own.directory);
  if (documents.length !== 1) throw new Error(`${base}: ${documents.length} documents`);
  return documents[0] as unknown as IDaemonSet;
}
