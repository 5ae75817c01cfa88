import { CONFIG_VARIABLES, parseConfig } from '@cloudless/coordinator';

/** One service of a compose file, as far as it is judged. */
export type Service = {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly networks?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
};

export type ComposeFile = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};

/** What a service is given and what it may do, whatever it is. */
function* hardeningFaults(name: string, service: Service): Generator<string> {
  if (service.mem_limit === undefined) yield `${name}: has no limit of memory`;
  if (service.pids_limit === undefined) yield `${name}: has no limit of processes`;
  if (service.privileged || (service.cap_add ?? []).length > 0) yield `${name}: has privileges`;
  if (service.read_only !== true) yield `${name}: may write to its image`;
  if (!service.cap_drop?.includes('ALL')) yield `${name}: keeps capabilities`;
  if (!service.security_opt?.includes('no-new-privileges:true')) yield `${name}: may gain privileges`;
  if (!/:[\w.-]*\d/.test(service.image ?? '') && service.image !== 'cloudless:local') yield `${name}: its image is not pinned`;
}

function* nameFaults(name: string, service: Service, file: ComposeFile): Generator<string> {
  for (const volume of service.volumes ?? []) {
    const [source = ''] = volume.split(':');
    if (!(source in file.volumes)) yield `${name}: ${source} is no volume of this file`;
  }
  for (const secret of service.secrets ?? []) {
    const source = typeof secret === 'string' ? secret : secret.source;
    if (!(source in file.secrets)) yield `${name}: ${source} is no secret of this file`;
  }
  for (const network of service.networks ?? []) if (!(network in file.networks)) yield `${name}: ${network} is no network of this file`;
}

const isTogether = (one: Service, other: Service): boolean => (one.networks ?? []).some((network) => other.networks?.includes(network));

/** Where a service says that it is reached. */
function originOf(name: string, { command = [], environment = {} }: Service): string {
  const advertised = command.find((flag) => flag.startsWith('-http-adv-addr='));
  if (advertised !== undefined) return `http://${advertised.split('=')[1]}`;
  return environment['CLOUDLESS_COORDINATOR_URL'] ?? `http://${name}:${environment['PORT']}`;
}

function* coordinatorFaults(name: string, service: Service, file: ComposeFile, imageEnv: Readonly<Record<string, string>>) {
  const environment = { ...imageEnv, ...service.environment };
  for (const variable of Object.keys(environment))
    if (variable.startsWith('CLOUDLESS_') && !CONFIG_VARIABLES.includes(variable)) yield `${name}: no coordinator reads ${variable}`;
  let config: ReturnType<typeof parseConfig>;
  try {
    config = parseConfig(environment);
  } catch (error) {
    yield `${name}: ${error instanceof Error ? error.message : String(error)}`;
    return;
  }
  for (const address of [...(config.store?.urls ?? []), config.webUrl?.origin ?? 'the dashboard', config.coordinatorUrl?.origin ?? '']) {
    const host = URL.parse(address)?.hostname ?? '';
    const reached = file.services[host];
    if (!reached || originOf(host, reached) !== address || !isTogether(service, reached)) yield `${name}: nothing answers at ${address}`;
  }
  if (config.coordinatorUrl?.hostname !== name) yield `${name}: calls itself ${config.coordinatorUrl?.hostname}`;
  for (const path of [config.store?.passwordPath, `${config.dataFolder}/coordinator/master.key`]) {
    const targets = (service.secrets ?? []).map((secret) => (typeof secret === 'string' ? `/run/secrets/${secret}` : secret.target));
    if (!targets.includes(path ?? '')) yield `${name}: has no ${path}`;
  }
  const { from, to } = config.appPorts;
  for (const port of service.ports ?? []) {
    const target = port.split(':').at(-1);
    if (target !== String(config.port) && target !== `${from}-${to}`) yield `${name}: publishes ${port}, where nothing listens`;
  }
}

/**
 * What is wrong with a compose file, one sentence each. Pure.
 *
 * @param imageEnv what the image of coordinators sets
 */
export function findComposeFaults(file: ComposeFile, imageEnv: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(file.services).flatMap(([name, service]) => [
    ...hardeningFaults(name, service),
    ...nameFaults(name, service, file),
    ...(service.environment?.['CLOUDLESS_STORE_URL'] === undefined ? [] : coordinatorFaults(name, service, file, imageEnv)),
  ]);
}
