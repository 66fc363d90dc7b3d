import { join } from "node:path";
import { validate as isDaemonSet } from "kubernetes-models/_schemas/IoK8sApiAppsV1DaemonSet";
import { validate as isPod } from "kubernetes-models/_schemas/IoK8sApiCoreV1Pod";
import { DaemonSet, type IDaemonSet } from "kubernetes-models/apps/v1";
import { Pod } from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { exec } from "../lib/process.ts";
import { searchPath } from "../lib/tools.ts";
import { components, daemonSet, deploy, OwnOverlay, overlays } from "./deployment.ts";
import { unknownFields } from "./known-fields.ts";
import { type Document, documentsIn, render } from "./kustomize.ts";

const bases = ["base", ...overlays.map((name) => join("overlays", name))];
const deployments = bases.flatMap((base) => [[], components].map((with_) => ({ base, with_ })));

/** Programs of which one is enough to see that our rendering is kustomize's. */
const kustomize = [
  ["kubectl", "kustomize"],
  ["kustomize", "build"],
].find(([program = ""]) => Bun.which(program, { PATH: searchPath }) !== null);
if (kustomize === undefined) console.warn("left out, the manifests rendered by kustomize: not installed");

describe.each(deployments)("$base with components $with_", ({ base, with_ }) => {
  test("is valid by the schema of Kubernetes", () => {
    const set = daemonSet(base, with_);
    expect(() => new DaemonSet(set).validate()).not.toThrow();
    expect(unknownFields(set, isDaemonSet)).toEqual([]);
    expect(set.metadata?.namespace).toBe("kube-system");
    expect(set.spec?.template.metadata?.labels).toMatchObject(
      set.spec?.selector.matchLabels ?? { no: "labels" },
    );
  });

  test("mounts what it has, and has what it mounts", () => {
    const spec = daemonSet(base, with_).spec?.template.spec;
    const volumes = (spec?.volumes ?? []).map(({ name }) => name);
    const mounts = (spec?.containers ?? []).flatMap((one) =>
      (one.volumeMounts ?? []).map(({ name }) => name),
    );
    expect(volumes.toSorted()).toEqual([...new Set(mounts)].toSorted());
  });

  test("asks for no right it does not need", () => {
    const spec = daemonSet(base, with_).spec?.template.spec;
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      priorityClassName: "system-node-critical",
    });
    expect(spec?.securityContext?.seccompProfile).toEqual({ type: "RuntimeDefault" });
    expect(spec?.hostPID ?? false).toBe(with_.includes("repair"));
    expect(spec).not.toHaveProperty("hostIPC");
    for (const { name, securityContext } of spec?.containers ?? []) {
      expect(securityContext).toMatchObject({
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      const added = securityContext?.capabilities?.add;
      expect(added).toEqual(
        name === "repair" ? ["NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"] : undefined,
      );
    }
    const paths = (spec?.volumes ?? []).flatMap(({ hostPath }) => (hostPath ? [hostPath.path] : []));
    expect(paths).toEqual([
      "/opt/cni/bin",
      "/etc/cni/net.d",
      ...(with_.length > 0 ? ["/var/lib/cni", "/run/netns", "/run/xtables.lock"] : []),
    ]);
  });

  test("every container has the image of this version, or the one that is set", () => {
    const images = (image?: string) =>
      daemonSet(base, with_, image).spec?.template.spec?.containers.map((one) => one.image);
    expect(new Set(images())).toEqual(new Set([`cni-chain:${packageJson.version}`]));
    expect(new Set(images("example.org:5000/net/cni-chain:7"))).toEqual(
      new Set(["example.org:5000/net/cni-chain:7"]),
    );
  });

  test.skipIf(kustomize === undefined)("is what kustomize makes of it", async () => {
    using own = new OwnOverlay(base, with_, "example.org:5000/cni-chain:7");
    const { stdout, stderr } = await exec(
      [...(kustomize ?? []), own.directory, "--load-restrictor", "LoadRestrictionsNone"],
      { env: { PATH: searchPath, HOME: own.directory } },
    );
    expect([Bun.YAML.parse(stdout)], stderr).toEqual(render(own.directory));
  });
});

test("what is appended, and to which file, is what each network has", () => {
  const told = overlays.map((name) => {
    const args = daemonSet(join("overlays", name)).spec?.template.spec?.containers[0]?.args ?? [];
    const mount = daemonSet(join("overlays", name)).spec?.template.spec?.containers[0]?.volumeMounts?.[1];
    return [name, args.slice(1), mount?.readOnly];
  });
  const appending = (file: string) => [`--conflist=/etc/cni/net.d/${file}`, "--append=portmap,bandwidth"];
  expect(Object.fromEntries(told.map(([name, ...rest]) => [name, rest]))).toEqual({
    azure: [appending("10-azure.conflist"), false],
    "azure-overlay": [appending("15-azure-swift-overlay.conflist"), false],
    calico: [appending("10-calico.conflist"), false],
    cilium: [[], true],
    flannel: [appending("10-flannel.conflist"), false],
  });
});

test("the example is a valid pod, and uses both plugins", () => {
  const [pod] = documentsIn(join(deploy, "examples", "pod.yaml"));
  expect(() => new Pod(pod as ConstructorParameters<typeof Pod>[0]).validate()).not.toThrow();
  expect(unknownFields(pod, isPod)).toEqual([]);
  expect(pod).toMatchObject({
    metadata: {
      annotations: { "kubernetes.io/ingress-bandwidth": "10M", "kubernetes.io/egress-bandwidth": "10M" },
    },
    spec: { containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] },
  });
});

const containersOf = (set: Document) => (set as unknown as IDaemonSet).spec?.template.spec?.containers ?? [];

test.each([
  [
    "/spec/updateStrategie",
    (set: Document) => Object.assign(set["spec"] as Document, { updateStrategie: {} }),
  ],
  ["/metadata/label", (set: Document) => Object.assign(set["metadata"] as Document, { label: {} })],
  [
    "/spec/template/spec/containers/0/readynessProbe",
    (set: Document) => {
      const [container] = containersOf(set);
      Object.assign(container ?? {}, { readynessProbe: { exec: { command: ["true"] } } });
    },
  ],
  [
    "/spec/template/spec/containers/0/securityContext/capabilities/dropp",
    (set: Document) => {
      const [container] = containersOf(set);
      Object.assign(container?.securityContext?.capabilities ?? {}, { dropp: ["ALL"] });
    },
  ],
])("a field that Kubernetes does not know is found: %s", (path, misspell) => {
  const set: Document = { ...daemonSet("base") };
  misspell(set);
  expect(unknownFields(set, isDaemonSet)).toEqual([path]);
});

test("a manifest that is wrong is refused", () => {
  const broken: Document = { ...daemonSet("base") };
  broken["spec"] = { template: {} };
  expect(() => new DaemonSet(broken as ConstructorParameters<typeof DaemonSet>[0]).validate()).toThrow();
});
