import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  at,
  confList,
  fileCount,
  install,
  inUse,
  nothingBroken,
  read,
  reset,
  setUp,
  tearDown,
  uninstall,
} from "../../test/installation.ts";
import { type Disk, realDisk } from "./disk.ts";

beforeEach(setUp);
afterEach(tearDown);

class Killed extends Error {}

/** A disk that dies before its nth operation, of a copy or a write in its middle, and stays dead. */
function dying(n: number): Disk & { readonly alive: () => boolean } {
  let left = n;
  const half = {
    copyFile: (from: string, to: string) => writeFileSync(to, readFileSync(from, "utf8").slice(0, 9)),
    writeFile: (path: string, text: string) => writeFileSync(path, text.slice(0, 9)),
  };
  const counted = Object.entries(realDisk).map(([name, operation]) => [
    name,
    (...args: [string, string]) => {
      left -= 1;
      if (left > 0) return operation(...args);
      if (left === 0 && name in half) half[name as keyof typeof half](...args);
      throw new Killed(`at operation ${n}`);
    },
  ]);
  return { ...(Object.fromEntries(counted) as Disk), alive: () => left > 0 };
}

/** Runs something with a death at every operation there is, from the same beginning each time. */
async function atEveryStep(
  prepare: () => Promise<unknown>,
  run: (disk: Disk) => Promise<unknown>,
  then: () => Promise<void>,
): Promise<number> {
  for (let n = 1; n < 500; n++) {
    reset();
    await prepare();
    const disk = dying(n);
    const died = await run(disk).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return true;
      },
    );
    try {
      await then();
    } catch (error) {
      throw new Error(`after a death at operation ${n}`, { cause: error });
    }
    if (!died) return n - 1;
  }
  throw new Error("it never ended");
}

describe("killed at every operation", { timeout: 60_000 }, () => {
  test("of an install: nothing is broken, and a second install finishes, and uninstall undoes it", async () => {
    const before = inUse();
    await install();
    const whole = inUse();
    const operations = await atEveryStep(
      async () => {},
      (disk) => install({ disk }),
      async () => {
        nothingBroken();
        await install();
        expect(inUse()).toEqual(whole);
        expect(fileCount("bin")).toBe(1);
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
    expect(operations).toBeGreaterThan(30);
  });

  test("of an install: uninstall undoes it", async () => {
    const before = inUse();
    await atEveryStep(
      async () => {},
      (disk) => install({ disk }),
      async () => {
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
  });

  test("of an upgrade: uninstall goes back to the reference's", async () => {
    const before = inUse();
    await atEveryStep(
      () => install({ append: ["portmap"] }),
      (disk) => install({ release: "2", disk }),
      async () => {
        nothingBroken();
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
  });

  test("of an uninstall: a second one finishes, or an install takes it up again", async () => {
    const before = inUse();
    await atEveryStep(install, uninstall, async () => {
      nothingBroken();
      await uninstall();
      expect(inUse()).toEqual(before);
    });
    await atEveryStep(install, uninstall, async () => {
      await install();
      expect(read("bin", "portmap")).toBe("release 1");
      await uninstall();
      expect(inUse()).toEqual(before);
    });
  });

  test("of an uninstall of an edited conflist: later changes stay", async () => {
    const edit = async () => {
      await install();
      writeFileSync(at("net.d", "10-n.conflist"), read("net.d", "10-n.conflist").replace('"n"', '"m"'));
    };
    await atEveryStep(edit, uninstall, async () => {
      await uninstall();
      expect(read("net.d", "10-n.conflist")).toBe(confList.replace('"n"', '"m"'));
      expect(readdirSync(at("net.d"))).toEqual(["10-n.conflist"]);
    });
  });
});
