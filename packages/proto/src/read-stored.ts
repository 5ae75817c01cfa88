import type { z } from 'zod';

/**
 * Parses JSON that this or another release stored: rows of the database, an agent's files. Fields that the schema does not know are left out, at every level: a later release
 * wrote them, and this one runs after or beside it. Whatever else is wrong is refused: a value that is not known says nothing that could be left out.
 *
 * @throws ZodError
 */
export function readStored<T>(schema: z.ZodType<T>, json: string): T {
  const body: unknown = JSON.parse(json);
  for (;;) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    // Ends: each turn leaves out a field at least. Some faults, as those between fields, are found only once the rest is known.
    if (!parsed.error.issues.every((issue) => omitUnknown(body, issue))) throw parsed.error;
  }
}

/** @returns whether that is all that the issue asks for */
function omitUnknown(body: unknown, issue: z.core.$ZodIssue): boolean {
  if (issue.code !== 'unrecognized_keys') return false;
  const holder = issue.path.reduce((at: unknown, key) => (isObject(at) ? Reflect.get(at, key) : undefined), body);
  return isObject(holder) && issue.keys.every((key) => Reflect.deleteProperty(holder, key));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
