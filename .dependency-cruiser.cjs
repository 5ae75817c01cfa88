// The import table of ARCHITECTURE.md. Each rule says why; `tools/src/tidy/boundaries.test.ts` plants a violation of each.
const TESTS = '(\\.test\\.tsx?$|/testing/|/contract/)';

/** `who` may import of ours only `may` (and itself). */
const layer = (name, who, may, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^${who}/`, pathNot: TESTS },
  to: { path: '^(apps|packages|sim|e2e|bench|tools)/', pathNot: [`^${who}/`, ...may.map((path) => `^${path}`)] },
});

/** Only files under `where` may import the module `what`; a type of it carries no power and may go anywhere. */
const only = (name, what, where, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(apps|packages|sim)/', pathNot: [TESTS, ...[where].flat()] },
  to: { path: what, dependencyTypesNot: ['type-only'] },
});

const npm = (name) => `(^|/)node_modules/${name}(/|$)`;
const KERNEL = 'packages/kernel/';
const PROTO = 'packages/proto/';

module.exports = {
  forbidden: [
    layer(
      'kernel-imports-nothing-of-ours',
      'packages/kernel',
      [],
      'the kernel is what all else stands on: an import of ours would be a cycle',
    ),
    layer(
      'proto-imports-kernel',
      'packages/proto',
      [KERNEL],
      'contracts are read by every process: they must not pull in what decides or acts',
    ),
    layer(
      'scheduler-stays-pure',
      'packages/scheduler',
      [KERNEL, PROTO],
      'the scheduler is a pure function of a snapshot, so that it runs in the simulator unchanged',
    ),
    layer('identity-stays-low', 'packages/identity', [KERNEL, PROTO], 'identity is used by agent and coordinator alike and knows neither'),
    layer('transport-stays-low', 'packages/transport', [KERNEL, PROTO], 'the link carries messages and knows nothing of who sends them'),
    layer('images-stay-low', 'packages/images', [PROTO], 'images are bytes for an engine: they know neither who asks nor who serves them'),
    layer('db-stays-low', 'packages/db', [KERNEL, PROTO], 'the store keeps rows and knows nothing of who decides on them'),
    layer('sdk-is-a-thin-client', 'packages/sdk', [PROTO], 'users install the SDK alone: it carries contracts and types, no server'),
    layer(
      'ui-is-presentation',
      'packages/ui',
      [],
      'ui components take data as props: fetching or contracts in them couple every page to the API',
    ),
    layer(
      'coordinator-knows-no-client',
      'apps/coordinator',
      [KERNEL, PROTO, 'packages/scheduler/', 'packages/identity/', 'packages/transport/', 'packages/db/', 'packages/images/'],
      'the server must not depend on its clients (ui, sdk) nor on the agent',
    ),
    layer(
      'agent-stays-small',
      'apps/agent',
      [KERNEL, PROTO, 'packages/transport/', 'packages/identity/'],
      'the agent runs on weak devices and must not carry the database or the scheduler',
    ),
    layer(
      'web-is-a-client',
      'apps/web',
      ['packages/sdk/', PROTO, 'packages/ui/'],
      'the dashboard holds no domain logic: it reads through the SDK as any program does',
    ),
    {
      name: 'agent-has-no-ca',
      comment: 'only the coordinator issues certificates: a device that could is a device that can forge any other',
      severity: 'error',
      from: { path: '^apps/agent/', pathNot: TESTS },
      to: { path: '^packages/identity/src/ca/' },
    },
    {
      name: 'coordinator-is-a-program',
      comment: 'clients are typed by the contract in proto: an import of the server, even of its types, would put it into every client',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: ['^apps/coordinator/', TESTS] },
      to: { path: '^apps/coordinator/' },
    },
    {
      name: 'nothing-imports-programs',
      comment: 'simulator, tests, benchmarks and tools use the product, never the other way round',
      severity: 'error',
      from: { path: '^(apps|packages)/' },
      to: { path: '^(sim|e2e|bench|tools)/' },
    },
    {
      name: 'public-face-only',
      comment: 'a package is used through its exports: a deep import makes its inside public',
      severity: 'error',
      from: { path: '^(apps|packages|sim|bench)/([^/]+)/' },
      to: { path: '^packages/[^/]+/src/', pathNot: ['^packages/$2/', '/index\\.ts$', '\\.css$'] },
    },
    {
      name: 'pure-code-has-no-node',
      comment: 'pure code runs in the simulator and the browser: no Node built-in',
      severity: 'error',
      from: {
        path: '^(packages/(kernel|proto|scheduler)/src/|apps/agent/src/reconcile/diff\\.ts$)',
        pathNot: [TESTS, '^packages/kernel/src/node/'],
      },
      to: { dependencyTypes: ['core'] },
    },
    only(
      'dockerode-in-runtime',
      npm('dockerode'),
      '^apps/agent/src/runtime/',
      'the engine socket is root: one folder builds every request to it from an allow-list',
    ),
    only(
      'prisma-in-db-sql',
      npm('(@prisma/|prisma)'),
      '^packages/db/src/',
      'Prisma and the rqlite client live behind SqlDriver, which refuses transactions that rqlite cannot do',
    ),
    only('undici-in-db-sql', npm('undici'), '^packages/db/src/sql/', 'the rqlite client lives behind SqlDriver'),
    only(
      'ws-in-transport-and-gateway',
      npm('ws'),
      ['^packages/transport/src/tls/', '^apps/coordinator/src/gateway/'],
      'one place for each end of a socket, so that limits and origins are checked once',
    ),
    only('better-auth-in-people', npm('better-auth'), ['^apps/coordinator/src/people/', '^apps/web/'], 'accounts have one door: people/'),
    only('pino-in-kernel-node', npm('pino'), '^packages/kernel/src/node/', 'everything logs through the Logger port'),
    {
      name: 'no-cycles',
      comment: 'parts of a cycle cannot be read, tested or moved alone',
      severity: 'error',
      from: { pathNot: '(^|/)(generated|node_modules)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'an import that resolves to nothing is checked by no other rule',
      severity: 'error',
      from: { path: '^(apps|packages|sim|e2e|bench|tools)/', pathNot: '^tools/src/tidy/planted/' },
      to: { couldNotResolve: true, pathNot: '(^|/)generated/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/generated/'] },
    exclude: { path: ['/dist/', '/\\.next/', '\\.css$', 'next-env\\.d\\.ts$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
};
