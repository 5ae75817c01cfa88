/** Names are people's there, or a quantity's: every field is known. */
const RECORDS = ['labels', 'annotations', 'env', 'params', 'terms', 'hostPorts', 'nodeLabels'];

/** The same, and in each of its objects a field that nobody knows. */
export function ofNextRelease(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => ofNextRelease(one));
  if (typeof value !== 'object' || value === null || RECORDS.includes(name)) return value;
  const known = Object.entries(value).map(([field, inner]) => [field, ofNextRelease(inner, field)] as const);
  return { ...Object.fromEntries(known), ofTheNextRelease: { nested: [1] } };
}
