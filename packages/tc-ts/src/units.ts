declare const unit: unique symbol;
type Quantity<Unit extends string> = number & { readonly [unit]: Unit };

/** Rates as people, CNI and Kubernetes write them. */
export type BitsPerSecond = Quantity<"bit/s">;
/** Rates as tc and the kernel count them. */
export type BytesPerSecond = Quantity<"byte/s">;
export type Bits = Quantity<"bit">;
export type Bytes = Quantity<"byte">;
export type Milliseconds = Quantity<"ms">;

/** The most the kernel takes for a burst and for a queue's limit: both are 32 bit (struct tc_tbf_qopt). */
export const mostBytes = quantity<"byte">(0xffff_ffff);

// The brand exists for the compiler only, so this is the one place where a number is said to have a unit.
function quantity<Unit extends string>(value: number): Quantity<Unit> {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not a quantity: ${value}`);
  return value as Quantity<Unit>;
}

/** Throw RangeError on a negative or infinite number; take a bigint with the precision of a double. */
export const bitsPerSecond = (value: number | bigint): BitsPerSecond => quantity(Number(value));
export const bytesPerSecond = (value: number | bigint): BytesPerSecond => quantity(Number(value));
export const bits = (value: number | bigint): Bits => quantity(Number(value));
export const bytes = (value: number | bigint): Bytes => quantity(Number(value));
export const milliseconds = (value: number): Milliseconds => quantity(value);

/** Whole bytes a second: 12 bit/s are 1 byte/s. */
export function rateInBytes(rate: BitsPerSecond): BytesPerSecond {
  return quantity(Math.floor(rate / 8));
}

/** Whole bytes: 12 bits are 1 byte. */
export function sizeInBytes(size: Bits): Bytes {
  return quantity(Math.floor(size / 8));
}

/** Whole bytes that pass at this rate in this time. */
export function bytesIn(rate: BytesPerSecond, time: Milliseconds): Bytes {
  return quantity(Math.floor((rate * time) / 1000));
}
