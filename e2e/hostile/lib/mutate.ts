/** A small generator of numbers that a seed tells, so that every find can be repeated (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `sides`. */
  below(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

/** Text that has been somebody's undoing: syntax of JSON, of shells, of restore files, numbers that are none, encodings. */
export const nastyTexts: readonly string[] = [
  ...`" \\ { } [ ] , : ' ; # $ | & \` ( ) ! * ? ~ - -- = %n %s`.split(" "),
  ..."\0 \u0001 \u001b[2J \u007f \u0085 \u2028 \ufeff \ud800 \udc00 \u202e".split(" "),
  ..."\n \r\n \t \v".split(" "),
  ..."1e999 -0 1e-400 0x10 01 1. .5 NaN Infinity -1 65536 18446744073709551616 9007199254740993".split(" "),
  ..."__proto__ constructor toString prototype hasOwnProperty null true".split(" "),
  ..."COMMIT *filter -A -j ACCEPT --modprobe=/bin/sh ../../etc/passwd /dev/zero 0.0.0.0/0 ::/0".split(" "),
  "\nCOMMIT\n*filter\n-P INPUT DROP\n",
  '" -j ACCEPT -m comment --comment "',
  "x; drop table ip nat; #",
  "$(reboot)",
  "x".repeat(300),
  "",
];

const nastyValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  65536,
  1e308,
  2 ** 53,
  {},
  [],
  [[]],
  [null],
  { __proto__: null, a: 1 },
];

/** The text with one to four changes anywhere. */
export function mutateText(text: string, dice: Dice): string {
  let mutated = text;
  for (let changes = 1 + dice.below(4); changes > 0; changes -= 1) {
    const at = dice.below(mutated.length + 1);
    const length = dice.below(2) === 0 ? 1 : dice.below(40);
    const [head, tail] = [mutated.slice(0, at), mutated.slice(at)];
    switch (dice.below(5)) {
      case 0:
        mutated = head + tail.slice(length);
        break;
      case 1:
        mutated = head + dice.pick(nastyTexts) + tail;
        break;
      case 2:
        mutated = head + String.fromCharCode(dice.below(dice.below(2) === 0 ? 128 : 65536)) + tail.slice(1);
        break;
      case 3:
        mutated = head + tail.slice(0, length) + tail;
        break;
      default:
        mutated = head;
    }
  }
  return mutated;
}

/** A copy of the document in which one value, somewhere, is another one or gone. */
export function mutateDocument(document: unknown, dice: Dice): unknown {
  const copy: unknown = structuredClone(document);
  const places: (readonly [holder: Record<string, unknown>, key: string])[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      const holder = value as Record<string, unknown>;
      places.push([holder, key]);
      walk(holder[key]);
    }
  };
  walk(copy);
  if (places.length === 0) return dice.pick(nastyValues.slice(1));
  const [holder, key] = dice.pick(places);
  const choice = dice.below(4);
  if (choice === 0) delete holder[key];
  else if (choice === 1) holder[key] = dice.pick(nastyValues);
  else if (choice === 2) holder[key] = dice.pick(nastyTexts);
  else holder[dice.pick(nastyTexts)] = holder[key];
  return copy;
}
