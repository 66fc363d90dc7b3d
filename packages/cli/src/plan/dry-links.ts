import type { Command } from "@cni-chain/exec";
import {
  inNetns,
  type Link,
  type LinkChange,
  type Links,
  type LinkWithAddresses,
  renderLinkChange,
  type Where,
} from "@cni-chain/ip-ts";
import type { PlannedChange } from "./change.ts";

/** A link that is not there yet, but will be by the time of the ADD. */
export interface SupposedLink {
  readonly netns: string | undefined;
  readonly link: Link;
}

export interface DryLinks {
  readonly links: Links;
  changes(): readonly PlannedChange[];
  readonly making: readonly Command[];
  readonly deleting: readonly Command[];
  /** Links of our own namespace that would go, and links that would come or are supposed to. */
  readonly gone: ReadonlySet<string>;
  readonly coming: ReadonlySet<string>;
}

interface Model {
  readonly netns: string | undefined;
  readonly name: string;
  readonly before: Link | undefined;
  after: Link | undefined;
}

/** Reads links of the node, and shows those that would be made, changed or deleted as they would be. */
export function dryLinks(real: Links, supposed: readonly SupposedLink[]): DryLinks {
  const models = new Map<string, Model>();
  const making: Command[] = [];
  const deleting: Command[] = [];
  const key = (netns: string | undefined, name: string) => `${netns ?? ""} ${name}`;
  const isSupposedNetns = (netns: string | undefined) =>
    netns !== undefined && supposed.some((one) => one.netns === netns && one.link.name === "lo");

  async function look(names: readonly string[], where: Where = {}): Promise<Model[]> {
    const { netns } = where;
    const unseen = names.filter((name) => !models.has(key(netns, name)));
    const read =
      isSupposedNetns(netns) || unseen.length === 0
        ? new Map<string, Link>()
        : await real.observe(unseen, where);
    for (const name of unseen) {
      const before =
        supposed.find((one) => one.netns === netns && one.link.name === name)?.link ?? read.get(name);
      models.set(key(netns, name), { netns, name, before, after: before });
    }
    return names.flatMap((name) => models.get(key(netns, name)) ?? []);
  }

  async function take(changes: readonly LinkChange[], where: Where = {}): Promise<void> {
    const effective: LinkChange[] = [];
    for (const change of changes) {
      const [model] = await look([change.name], where);
      if (model === undefined) continue;
      const after = changed(model.after, change);
      if (JSON.stringify(after) !== JSON.stringify(model.after)) effective.push(change);
      model.after = after;
    }
    if (effective.length === 0) return;
    const stdin = `${effective.map(renderLinkChange).join("\n")}\n`;
    const command = { file: "ip", argv: ["-batch", "-"], stdin };
    const isDeletion = effective.every((change) => change.do === "delete");
    (isDeletion ? deleting : making).push(
      where.netns === undefined ? command : inNetns(where.netns, command),
    );
  }

  const own = () => [...models.values()].filter(({ netns }) => netns === undefined);
  return {
    making,
    deleting,
    links: {
      async observe(names, where) {
        const found = await look(names, where);
        return new Map(found.flatMap(({ name, after }) => (after === undefined ? [] : [[name, after]])));
      },
      async ofKinds(kinds, where) {
        const isGone = (name: string) => {
          const model = models.get(key(where?.netns, name));
          return model !== undefined && model.after === undefined;
        };
        return (await real.ofKinds(kinds, where)).filter(({ name }) => !isGone(name));
      },
      otherEnd: (veth, netns) => real.otherEnd(veth, netns),
      async change(steps, where) {
        const seen: LinkWithAddresses[] = [];
        let pending: LinkChange[] = [];
        for (const step of steps) {
          if (step.do !== "show") {
            pending.push(step);
            continue;
          }
          await take(pending, where);
          pending = [];
          const [model] = await look([step.name], where);
          const isThere = model?.before !== undefined && !isSupposedNetns(where?.netns);
          const shown = isThere ? (await real.change([step], where))[0] : undefined;
          if (model?.after !== undefined) seen.push({ ...model.after, addresses: shown?.addresses ?? [] });
        }
        await take(pending, where);
        return seen;
      },
      async delete(name, where) {
        const [model] = await look([name], where);
        if (model?.after === undefined) return "absent";
        await take([{ do: "delete", name }], where);
        return "deleted";
      },
      deleteAll: (names, where) =>
        take(
          names.map((name) => ({ do: "delete", name })),
          where,
        ),
    },
    changes: () => [...models.values()].flatMap(difference),
    get gone() {
      return new Set(own().flatMap(({ name, before, after }) => (before && !after ? [name] : [])));
    },
    get coming() {
      const made = own().flatMap(({ name, before, after }) => (!before && after ? [name] : []));
      return new Set([...made, ...supposed.flatMap(({ netns, link }) => (netns ? [] : [link.name]))]);
    },
  };
}

const newIfb: Omit<Link, "name" | "mtu" | "txqlen"> = {
  ifindex: 0,
  kind: "ifb",
  flags: [],
  up: false,
  mac: undefined,
  master: undefined,
  alias: undefined,
  peer: undefined,
};

function changed(link: Link | undefined, change: LinkChange): Link | undefined {
  switch (change.do) {
    case "addIfb":
      return { ...newIfb, name: change.name, mtu: change.mtu, txqlen: change.txqlen };
    case "delete":
      return undefined;
    case "set": {
      const { do: _, name: __, ...fields } = change;
      return link === undefined ? undefined : { ...link, ...fields };
    }
  }
}

function difference({ netns, name, before, after }: Model): PlannedChange[] {
  const where = netns === undefined ? "links" : `links in ${netns}`;
  if (before === undefined && after === undefined) return [];
  if (before === undefined || after === undefined) {
    const link = before ?? after;
    const what = link === undefined ? name : `${name} ${words(link)}`;
    return [{ action: before === undefined ? "add" : "remove", kind: "link", where, what }];
  }
  const [old, now] = [words(before), words(after)];
  return old === now
    ? []
    : [{ action: "change", kind: "link", where, what: `${name} ${now}`, before: `${name} ${old}` }];
}

function words({ kind, mtu, txqlen, up, alias }: Link): string {
  return [
    `type ${kind ?? "none"}`,
    `mtu ${mtu}`,
    `qlen ${txqlen}`,
    up ? "up" : "down",
    ...(alias === undefined ? [] : [`alias ${JSON.stringify(alias)}`]),
  ].join(" ");
}
