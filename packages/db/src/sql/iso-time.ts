/** ISO 8601 in UTC with milliseconds: how people's tables keep time. Text of this form sorts by time. */
export const toIsoTime = (atMs: number): string => new Date(atMs).toISOString();
