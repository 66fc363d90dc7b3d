import fc from "fast-check";
import { noteTried, type Tried } from "../../lib/tried-table.ts";

/** Tries a property and notes it for the table. Throws, with the smallest example that was found, where it does not hold. */
export async function tryProperty<T>(
  task: Parameters<typeof noteTried>[0],
  tried: Omit<Tried, "lost">,
  property: fc.IAsyncProperty<T>,
  parameters: fc.Parameters<T>,
): Promise<void> {
  let lost = 1;
  try {
    await fc.assert(property, parameters);
    lost = 0;
  } finally {
    noteTried(task, { ...tried, lost });
  }
}
