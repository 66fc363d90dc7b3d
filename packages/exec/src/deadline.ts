/**
 * The answer, or `late` when it has not come within `ms` milliseconds. What is raced is the whole answer, pipes
 * included, not the end of the process: a grandchild that keeps a pipe open must not hold us either.
 */
export async function within<T>(answer: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
