import {
  parseDuration,
  toInputIssue,
  workloadMetadataSchema,
  workloadSpecSchema,
  writeDuration,
  type InputIssue,
  type Workload,
  type WorkloadSpecInput,
} from '@cloudless/proto';
import { readEnv, writeEnv } from '../app-detail/env-text.ts';

const MIB = 2 ** 20;

/** What the form holds: text as a person types it. */
export type FormText = {
  readonly name: string;
  readonly image: string;
  readonly command: string;
  readonly args: string;
  readonly ports: string;
  readonly replicas: string;
  readonly cores: string;
  readonly memoryMib: string;
  readonly diskMib: string;
  readonly maxCores: string;
  readonly maxMemoryMib: string;
  readonly maxDiskMib: string;
  readonly restart: string;
  readonly lostAfter: string;
  readonly stopAfter: string;
  readonly away: string;
  readonly back: string;
  readonly exclusive: string;
  readonly env: string;
};
export type FieldName = keyof FormText;

export const EMPTY_FORM: FormText = {
  name: '',
  image: '',
  command: '',
  args: '',
  ports: '',
  replicas: '1',
  cores: '',
  memoryMib: '',
  diskMib: '',
  maxCores: '',
  maxMemoryMib: '',
  maxDiskMib: '',
  restart: 'always',
  lostAfter: '1m',
  stopAfter: '0',
  away: 'replace',
  back: 'longestRunning',
  exclusive: 'no',
  env: '',
};

/** What is wrong with a field: the rule of it that was broken, or what the contract says. */
export type Wrong =
  | { readonly kind: 'rule'; readonly rule: 'image' | 'name' | 'ports' | 'replicas' | 'number' | 'duration' }
  | { readonly kind: 'env'; readonly line: number }
  | { readonly kind: 'said'; readonly issue: InputIssue };
type Wrongs = Partial<Record<FieldName, Wrong>>;

export type FormRead = {
  /** Present when nothing is wrong. */
  readonly input?: { readonly metadata: { readonly name: string }; readonly spec: WorkloadSpecInput };
  readonly wrong: Readonly<Wrongs>;
};

/** `registry/team/web-shop:1.2` suggests `web-shop`. */
export const suggestName = (image: string): string =>
  (image.split('/').at(-1)?.split(/[:@]/)[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);

const number = (text: string, scale: number): number | undefined => {
  const value = text.trim().replace(',', '.');
  if (value === '') return undefined;
  return /^\d+(\.\d+)?$/.test(value) ? Math.round(Number(value) * scale) : Number.NaN;
};
const lines = (text: string): string[] | undefined => {
  const found = text.split('\n').filter((line) => line.trim() !== '');
  return found.length === 0 ? undefined : found;
};
/** `8080` or `8080/udp`, by commas: the first is `http`. */
function readPorts(text: string): NonNullable<WorkloadSpecInput['ports']> {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  return parts.map((part, index) => {
    const [port = '', protocol = 'tcp'] = part.split('/', 2);
    return {
      name: index === 0 ? 'http' : `port-${index + 1}`,
      containerPort: /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN,
      protocol: protocol.toUpperCase() as 'TCP',
    };
  });
}

const FIELD_OF: Readonly<Record<string, FieldName>> = {
  image: 'image',
  command: 'command',
  args: 'args',
  ports: 'ports',
  replicas: 'replicas',
  env: 'env',
  'resources.requests.cpuMillicores': 'cores',
  'resources.requests.memoryBytes': 'memoryMib',
  'resources.requests.storageBytes': 'diskMib',
  'resources.limits.cpuMillicores': 'maxCores',
  'resources.limits.memoryBytes': 'maxMemoryMib',
  'resources.limits.storageBytes': 'maxDiskMib',
  restartPolicy: 'restart',
  'disconnect.lostAfterMs': 'lostAfter',
  'disconnect.stopAfterMs': 'stopAfter',
};
const fieldOf = (path: readonly PropertyKey[]): FieldName => FIELD_OF[path.slice(0, 3).join('.')] ?? FIELD_OF[String(path[0])] ?? 'image';

/** Fields with one rule, which says more than the contract's words for a part of it. */
const RULED: ReadonlySet<string> = new Set<FieldName>(['image', 'name', 'ports', 'replicas']);
const isRuled = (name: FieldName): name is 'image' | 'name' | 'ports' | 'replicas' => RULED.has(name);
const NUMBERS: readonly FieldName[] = ['cores', 'memoryMib', 'diskMib', 'maxCores', 'maxMemoryMib', 'maxDiskMib'];

const scaleOf = (field: FieldName): number => (/mib$/i.test(field) ? MIB : /cores$/i.test(field) ? 1000 : 1);
/** The limit in the unit that the person types; of a duration the message has it with its unit. */
function asTyped(field: FieldName, { limit, rule, ...said }: InputIssue): InputIssue {
  if (field === 'lostAfter' || field === 'stopAfter') return said;
  return { ...said, rule, ...(limit === undefined ? {} : { limit: limit / scaleOf(field) }) };
}

const present = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

function readDisconnect(text: FormText, wrong: Wrongs) {
  const read = (name: 'lostAfter' | 'stopAfter'): number | undefined => {
    const ms = parseDuration(text[name]);
    if (ms === undefined) wrong[name] = { kind: 'rule', rule: 'duration' };
    return ms;
  };
  return present({
    lostAfterMs: read('lostAfter'),
    stopAfterMs: read('stopAfter'),
    replace: text.away === 'replace',
    reconcile: text.back as 'longestRunning',
  });
}

/** The spec that the text means, or what is wrong with which field. `base` keeps what the form does not show. */
export function readForm(text: FormText, base?: Workload): FormRead {
  const wrong: Wrongs = {};
  const env = readEnv(text.env);
  if (env.kind === 'wrong') wrong.env = { kind: 'env', line: env.line };
  for (const name of NUMBERS) if (Number.isNaN(number(text[name], 1))) wrong[name] = { kind: 'rule', rule: 'number' };
  const spec = {
    ...base?.spec,
    image: text.image.trim(),
    command: lines(text.command),
    args: lines(text.args),
    ports: readPorts(text.ports),
    replicas: number(text.replicas, 1),
    env: env.kind === 'variables' ? env.variables : {},
    restartPolicy: { ...base?.spec.restartPolicy, policy: text.restart },
    disconnect: readDisconnect(text, wrong),
    exclusive: text.exclusive === 'yes',
    resources: {
      requests: present({
        cpuMillicores: number(text.cores, 1000),
        memoryBytes: number(text.memoryMib, MIB),
        storageBytes: number(text.diskMib, MIB),
      }),
      limits: {
        ...present({ pids: base?.spec.resources.limits.pids }),
        ...present({
          cpuMillicores: number(text.maxCores, 1000),
          memoryBytes: number(text.maxMemoryMib, MIB),
          storageBytes: number(text.maxDiskMib, MIB),
        }),
      },
    },
  };
  const parsed = workloadSpecSchema.safeParse(present(spec));
  for (const issue of parsed.error?.issues ?? []) {
    const field = fieldOf(issue.path);
    wrong[field] ??= isRuled(field) ? { kind: 'rule', rule: field } : { kind: 'said', issue: asTyped(field, toInputIssue(issue)) };
  }
  const name = base?.name ?? text.name.trim();
  if (!workloadMetadataSchema.safeParse({ name }).success) wrong.name = { kind: 'rule', rule: 'name' };
  return parsed.data === undefined || Object.keys(wrong).length > 0
    ? { wrong }
    : { wrong, input: { metadata: { name }, spec: parsed.data } };
}

const fill = (value: number | undefined, scale: number): string => (value === undefined ? '' : String(value / scale));

/** The text of what an app is now. */
export function writeForm({ name, spec }: Pick<Workload, 'name' | 'spec'>): FormText {
  const { requests, limits } = spec.resources;
  return {
    name,
    image: spec.image,
    command: spec.command?.join('\n') ?? '',
    args: spec.args?.join('\n') ?? '',
    ports: spec.ports.map((port) => (port.protocol === 'TCP' ? String(port.containerPort) : `${port.containerPort}/udp`)).join(', '),
    replicas: String(spec.replicas),
    cores: fill(requests.cpuMillicores, 1000),
    memoryMib: fill(requests.memoryBytes, MIB),
    diskMib: fill(requests.storageBytes, MIB),
    maxCores: fill(limits.cpuMillicores, 1000),
    maxMemoryMib: fill(limits.memoryBytes, MIB),
    maxDiskMib: fill(limits.storageBytes, MIB),
    restart: spec.restartPolicy.policy,
    lostAfter: writeDuration(spec.disconnect.lostAfterMs),
    stopAfter: writeDuration(spec.disconnect.stopAfterMs),
    away: spec.disconnect.replace ? 'replace' : 'wait',
    back: spec.disconnect.reconcile,
    exclusive: spec.exclusive ? 'yes' : 'no',
    env: writeEnv(spec.env),
  };
}
