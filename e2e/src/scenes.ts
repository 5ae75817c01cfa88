import { expect, type Page } from '@playwright/test';
import { WELCOME, type ClusterStatus, type Workload } from '@cloudless/proto';
import { untilDeviceReady, untilWorkload, type RestClient } from './rest.ts';

/** A page in one state. `open` leaves it as a person would look at it. */
export type Scene = { readonly name: string; readonly path: string; open?(page: Page): Promise<void> };

const tab = (name: string) => async (page: Page) => {
  await page
    .getByRole('tab', { name })
    .or(page.getByRole('main').getByRole('link', { name, exact: true }))
    .first()
    .click();
};
const dialog = (button: string) => async (page: Page) => {
  await page.getByRole('main').getByRole('button', { name: button, exact: true }).first().click();
  await expect(page.getByRole('dialog').or(page.getByRole('alertdialog'))).toBeVisible();
};

/** Before there is an owner. */
export const UNCLAIMED: readonly Scene[] = [{ name: 'claim', path: '/claim' }];

/** Before a person is signed in. */
export const SIGNED_OUT: readonly Scene[] = [
  { name: 'sign-in', path: '/sign-in' },
  { name: 'recover', path: '/recover' },
];

const PAGES: readonly Scene[] = [
  { name: 'home', path: '/' },
  { name: 'devices', path: '/devices' },
  { name: 'apps', path: '/apps' },
  { name: 'deploy', path: '/deploy' },
  { name: 'activity', path: '/activity' },
  { name: 'settings', path: '/settings' },
  { name: 'control plane', path: '/settings/cluster' },
];

/** A cluster on which nothing runs. */
export const EMPTY: readonly Scene[] = PAGES.map((scene) => ({ ...scene, name: `${scene.name} (empty)` }));

export type Inhabited = { readonly nodeId: string; readonly runningId: string; readonly failingId: string; readonly unplacedId: string };

const LONG_NAME = 'an-app-whose-name-takes-all-of-the-sixty-three-letters-allowed';

/** Deploys apps in every state that one machine can show. */
export async function inhabit(rest: RestClient): Promise<Inhabited> {
  const node = await untilDeviceReady(rest);
  const create = async (name: string, spec: object): Promise<string> => {
    const { status, body } = await rest.call<Workload>('POST', '/workloads', { metadata: { name }, spec });
    if (status >= 300) throw new Error(`${name}: ${JSON.stringify(body)}`);
    return body.id;
  };
  const runningId = await create('welcome', { ...WELCOME.spec, replicas: 2, env: { GREETING: 'hello', API_KEY: 'very secret' } });
  const failingId = await create(LONG_NAME, { image: 'registry.invalid/none/such:1', ports: [{ name: 'http', containerPort: 80 }] });
  const unplacedId = await create('too-big', { image: 'cloudless/welcome:1', resources: { requests: { memoryBytes: 2 ** 45 } } });
  const stoppedId = await create('resting', WELCOME.spec);
  await untilWorkload(rest, runningId, 'it runs', ({ status }) => status.ready === 2);
  await untilWorkload(rest, failingId, 'it fails', ({ status }) => status.cause.code === 'registry_unreachable');
  await untilWorkload(rest, unplacedId, 'it waits', ({ status }) => status.condition === 'unplaced');
  await rest.call('POST', `/workloads/${stoppedId}/stop`);
  await untilWorkload(rest, stoppedId, 'it stopped', ({ status }) => status.condition === 'stopped');
  return { nodeId: node.id, runningId, failingId, unplacedId };
}

/** The same pages and all details, with apps. */
export function inhabitedScenes({ nodeId, runningId, failingId, unplacedId }: Inhabited): readonly Scene[] {
  const app = `/apps/${runningId}`;
  return [
    ...PAGES,
    ...CONTROL_PLANES,
    { name: 'device', path: `/devices/${nodeId}` },
    { name: 'app', path: app },
    { name: 'app, logs', path: app, open: tab('Logs') },
    { name: 'app, metrics', path: app, open: tab('Metrics') },
    { name: 'app, variables', path: app, open: tab('Variables') },
    { name: 'app, events', path: app, open: tab('Events') },
    { name: 'app, settings', path: app, open: tab('Settings') },
    { name: 'app, scale dialog', path: app, open: dialog('Scale') },
    {
      name: 'app, delete dialog',
      path: app,
      async open(page) {
        await tab('Settings')(page);
        await dialog('Delete')(page);
      },
    },
    { name: 'app, failing', path: `/apps/${failingId}` },
    { name: 'app, unplaced', path: `/apps/${unplacedId}` },
    { name: 'app, unknown', path: `/apps/wl_${'a'.repeat(26)}` },
    { name: 'nowhere', path: '/no-such-page' },
    { name: 'pair', path: '/pair' },
    { name: 'trust', path: '/trust' },
    { name: 'an error explained', path: '/docs/errors/tls_intercepted' },
    { name: 'add', path: `/add#cl1.${'A'.repeat(43)}.join_${'a'.repeat(26)}.${'s'.repeat(32)}` },
    { name: 'add a device', path: '/devices', open: dialog('Add a device') },
    {
      name: 'add a device, its terms',
      path: '/devices',
      async open(page) {
        await dialog('Add a device')(page);
        await page.getByText('What may run there, and when').click();
        await page.getByRole('switch', { name: 'Only in certain hours' }).click();
      },
    },
    ...['Linux', 'Phone', 'Code', 'Windows'].map((way) => ({
      name: `add a device, ${way}`,
      path: '/devices',
      async open(page: Page) {
        await dialog('Add a device')(page);
        await page.getByRole('button', { name: 'Show the command' }).click();
        await page.getByRole('tab', { name: way, exact: true }).click();
      },
    })),
    {
      name: 'device, lending dialog',
      path: `/devices/${nodeId}`,
      open: dialog('Change what is lent'),
    },
    { name: 'device, drain dialog', path: `/devices/${nodeId}`, open: dialog('Drain') },
    { name: 'token dialog', path: '/settings', open: dialog('Create token') },
    {
      name: 'command palette',
      path: '/',
      async open(page) {
        await page.keyboard.press('Control+k');
        await expect(page.getByRole('dialog')).toBeVisible();
      },
    },
    // The last, as it stays so.
    {
      name: 'device, being drained',
      path: `/devices/${nodeId}`,
      async open(page) {
        const stop = page.getByRole('button', { name: 'Stop draining', exact: true });
        const start = page.getByRole('main').getByRole('button', { name: 'Drain', exact: true });
        await expect(stop.or(start)).toBeVisible();
        if (await start.isVisible()) {
          await start.click();
          await page.getByRole('dialog').getByLabel('Within').selectOption({ label: '30 min' });
          await page.getByRole('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
        }
        await expect(page.getByRole('list', { name: 'What is still here' })).toContainText('No other device takes it.');
      },
    },
  ];
}

const STATUS = '**/trpc/*cluster.status*';
const coordinators = (now: number): ClusterStatus['coordinators'] =>
  [1, 2, 3].map((number) => ({
    id: `coord_${String(number).repeat(26)}`,
    role: number === 1 ? 'leader' : 'standby',
    address: `https://10.0.0.${number}:7600`,
    version: '0.1.0',
    sinceAt: now - 3_600_000,
    seenAt: now,
  }));
const store = (now: number, reachable: number): ClusterStatus['store'] => ({
  kind: 'rqlite',
  checkedAt: now,
  nodes: [1, 2, 3].map((number) => ({
    id: `store-${number}`,
    address: `https://10.0.0.${number}:4001`,
    role: number > reachable ? 'unknown' : number === 1 && reachable > 1 ? 'leader' : 'follower',
    reachable: number <= reachable,
    ...(number > reachable ? {} : { version: 'v10.2.0', lagEntries: number - 1 }),
  })),
});

const tellStatus = (page: Page, told: (now: number) => Partial<ClusterStatus>): Promise<unknown> =>
  page.route(STATUS, async (route) => {
    try {
      const response = await route.fetch();
      const answer = (await response.json()) as { result: { data: ClusterStatus } } | { result: { data: ClusterStatus } }[];
      for (const { result } of [answer].flat()) if ('leadership' in result.data) Object.assign(result.data, told(result.data.at));
      await route.fulfill({ response, json: answer });
    } catch {
      // The page asked anew or went on meanwhile: a look that needs this answer says so by what it does not show.
    }
  });
/** What is still being answered then, nobody waits for. */
const tellNoMore = (page: Page): Promise<void> => page.unrouteAll({ behavior: 'ignoreErrors' });

/** The control plane of a cluster that one machine cannot be: its status is made up, for as long as one look takes. */
const controlPlane = (name: string, told: (now: number) => Partial<ClusterStatus>, sentence: string): Scene => ({
  name: `control plane, ${name}`,
  path: '/settings/cluster',
  async open(page) {
    await tellNoMore(page);
    await tellStatus(page, told);
    await page.getByRole('button', { name: 'Look again', exact: true }).click();
    await expect(page.getByTestId('control-plane-sentence')).toContainText(sentence);
    await tellNoMore(page);
  },
});

/** Home, while a node of the store is away. */
const STORE_NODE_AWAY: Scene = {
  name: 'home, a store node away',
  path: '/',
  async open(page) {
    await tellNoMore(page);
    await tellStatus(page, (now) => ({ store: store(now, 2) }));
    await page.reload();
    // It stays so for this look: Home asks again as long as something is wrong.
    await expect(page.getByRole('main')).toContainText('2 of 3 store nodes answer.');
  },
};

const CONTROL_PLANES: readonly Scene[] = [
  STORE_NODE_AWAY,
  controlPlane(
    'three coordinators',
    (now) => ({ leadership: { state: 'held', confirmedAt: now }, coordinators: coordinators(now), store: store(now, 3) }),
    '3 coordinators and 3 store nodes',
  ),
  controlPlane(
    'leader unconfirmed',
    (now) => ({
      leadership: {
        state: 'unconfirmed',
        confirmedAt: now - 40_000,
        cause: { code: 'lead_unconfirmed', message: 'https://10.0.0.1:4001 cannot be reached: no answer within 1000 ms' },
      },
      coordinators: coordinators(now),
      store: store(now, 1),
    }),
    'cannot confirm',
  ),
];

/** Many of everything, and nothing to wait for. */
export async function fillWithApps(rest: RestClient, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `app-${String(index).padStart(3, '0')}`;
    const { status, body } = await rest.call('POST', '/workloads', { metadata: { name }, spec: { image: 'example/web:1', replicas: 0 } });
    if (status >= 300) throw new Error(`${name}: ${JSON.stringify(body)}`);
  }
}

export const CROWDED: readonly Scene[] = [
  { name: 'home (500 apps)', path: '/' },
  { name: 'apps (500)', path: '/apps' },
];
export const BROKEN: readonly Scene[] = PAGES.map((scene) => ({ ...scene, name: `${scene.name} (failing)` }));
