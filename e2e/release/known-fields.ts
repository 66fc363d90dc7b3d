/** A validator of kubernetes-models, compiled from the schema of a kind. */
export type Validate = (document: unknown) => boolean;

/**
 * Paths of a document's fields that its kind does not have. Kubernetes' schemas do not forbid them; but who validates
 * reads every field the schema knows, so one that nobody has read is none of them.
 */
export function unknownFields(document: unknown, validate: Validate): readonly string[] {
  const unread = new Set<string>();
  validate(watched(document, "", unread));
  return [...unread];
}

function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const fields = new Map<PropertyKey, unknown>();
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  return new Proxy(value, {
    get(target, key) {
      const field = `${path}/${String(key)}`;
      unread.delete(field);
      if (!fields.has(key)) fields.set(key, watched(Reflect.get(target, key), field, unread));
      return fields.get(key);
    },
  });
}
