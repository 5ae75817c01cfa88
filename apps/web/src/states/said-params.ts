import type { Cause } from '@cloudless/proto';

export type Params = NonNullable<Cause['params']>;

/** How a reader's language says quantities and lists. */
export type Tongue = {
  bytes(bytes: number): string;
  cores(millicores: number): string;
  duration(durationMs: number): string;
  list(parts: readonly string[]): string;
  ofMemory(amount: string): string;
  ofDisk(amount: string): string;
  more(count: number): string;
};

const QUANTITIES = [
  { asked: 'cpuMillicores', free: 'freeCpuMillicores', on: 'freeCpuOn', shortOf: 'shortOfCpu' },
  { asked: 'memoryBytes', free: 'freeMemoryBytes', on: 'freeMemoryOn', shortOf: 'shortOfMemory' },
  { asked: 'storageBytes', free: 'freeStorageBytes', on: 'freeStorageOn', shortOf: 'shortOfDisk' },
] as const;

const numberOf = (params: Params, key: string): number | undefined => {
  const value = params[key];
  return typeof value === 'number' ? value : undefined;
};

/** One quantity with its unit and what it is of. */
function sayAmount(key: string, value: number, tongue: Tongue): string {
  if (key.endsWith('Millicores')) return tongue.cores(value);
  return /memory/i.test(key) ? tongue.ofMemory(tongue.bytes(value)) : tongue.ofDisk(tongue.bytes(value));
}

function listAmounts(params: Params, keys: readonly string[], tongue: Tongue): Params {
  const found = keys.flatMap((key) => {
    const value = numberOf(params, key);
    return value === undefined ? [] : [sayAmount(key, value, tongue)];
  });
  return found.length === 0 ? {} : { list: tongue.list(found) };
}

/** What a person reads of it, beside what programs do: quantities with units, names as a list. Absent where their numbers are. */
export function saidParams(params: Params, tongue: Tongue): Params {
  const { list: amounts } = listAmounts(params, ['cpuMillicores', 'memoryBytes', 'storageBytes'], tongue);
  const { list: free } = listAmounts(params, ['freeCpuMillicores', 'freeMemoryBytes', 'freeStorageBytes'], tongue);
  const delayMs = numberOf(params, 'delayMs');
  const { names, port } = params;
  const more = numberOf(params, 'more') ?? 0;
  return {
    ...params,
    ...(amounts === undefined ? {} : { amounts }),
    ...(free === undefined ? {} : { free }),
    ...(delayMs === undefined ? {} : { delay: tongue.duration(delayMs) }),
    ...(typeof names === 'string' ? { nodes: tongue.list([...names.split(', '), ...(more > 0 ? [tongue.more(more)] : [])]) } : {}),
    ...(typeof port === 'string' && port.includes('/') ? { hostPort: port.slice(port.indexOf('/') + 1) } : {}),
  };
}

/** With what the cause beneath a sentence is said: its own parameters, and the cause beneath it where there is one. */
export function paramsBeneath(params: Params): Params {
  const { code: _code, cause: _cause, beneathCode, beneath, ...own } = params;
  return beneathCode === undefined || beneath === undefined ? own : { ...own, code: beneathCode, cause: beneath };
}

export type Shortage = { readonly amount: string; readonly node: string; readonly free: string; readonly others: number };

/** What there is too little of, and where there is most. */
export function listShortages(params: Params, tongue: Tongue): readonly Shortage[] {
  return QUANTITIES.flatMap(({ asked, free, on, shortOf }) => {
    const [want, has, node] = [numberOf(params, asked), numberOf(params, free), params[on]];
    if (want === undefined || has === undefined || node === undefined) return [];
    const others = (numberOf(params, shortOf) ?? 1) - 1;
    const bare = asked === 'cpuMillicores' ? tongue.cores(has) : tongue.bytes(has);
    return [{ amount: sayAmount(asked, want, tongue), node: String(node), free: bare, others }];
  });
}
