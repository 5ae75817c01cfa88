import { workloadSpecSchema, workloadMetadataSchema, type WorkloadSpec } from './workload.ts';

/** The image that agents assemble themselves, from no registry. Bump the tag with its content. */
export const WELCOME_IMAGE = 'cloudless/welcome:1';

const MIB = 2 ** 20;

const metadata = workloadMetadataSchema.parse({
  name: 'welcome',
  labels: { 'cloudless.io/catalogue': 'welcome' },
  annotations: { description: 'A page that says on which of your devices it runs.' },
});

/**
 * `args` fill in what the page shows: each is a JavaScript constant. The values are quoted as JSON strings: device names hold no quote
 * and no backslash.
 */
const spec: WorkloadSpec = workloadSpecSchema.parse({
  image: WELCOME_IMAGE,
  args: [
    '--define:CLOUDLESS_DEVICE="$(CLOUDLESS_NODE_NAME)"',
    '--define:CLOUDLESS_REPLICA="$(CLOUDLESS_REPLICA)"',
    '--define:CLOUDLESS_APP="$(CLOUDLESS_WORKLOAD)"',
    '--define:CLOUDLESS_ALLOCATION="$(CLOUDLESS_ALLOCATION_ID)"',
  ],
  resources: { requests: { cpuMillicores: 50, memoryBytes: 32 * MIB }, limits: { cpuMillicores: 500, memoryBytes: 96 * MIB, pids: 64 } },
  ports: [{ name: 'http', containerPort: 8080 }],
  terminationGraceMs: 2000,
});

/** The Welcome app, ready to deploy by one click. */
export const WELCOME = { metadata, spec } as const;
