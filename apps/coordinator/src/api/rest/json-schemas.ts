import {
  allocationSchema,
  apiTokenSchema,
  catalogueEntrySchema,
  clusterSchema,
  ERRORS,
  eventSchema,
  INPUT_RULES,
  logLineSchema,
  nodeSchema,
  planPreviewSchema,
  workloadMetadataSchema,
  workloadSchema,
  workloadSpecSchema,
} from '@cloudless/proto';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** RFC 9457, with what Cloudless adds. */
const problemSchema = z.strictObject({
  type: z.string().meta({ description: 'Page of the error' }),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: 'What was tried, where, what came back, what to do' }),
  code: z.enum(Object.keys(ERRORS)),
  remedy: z.string(),
  issues: z.array(
    z.strictObject({
      path: z.string(),
      message: z.string(),
      rule: z.enum(INPUT_RULES).optional().meta({ description: 'The kind of rule that was broken' }),
      limit: z.number().optional().meta({ description: 'The most or the least that the rule allows' }),
    }),
  ),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  errorId: z.string().optional().meta({ description: 'Of a fault of the coordinator: it is in its log' }),
});

/** What has a name in the document. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Allocation: allocationSchema,
  ApiToken: apiTokenSchema,
  CatalogueEntry: catalogueEntrySchema,
  Cluster: clusterSchema,
  Event: eventSchema,
  LogLine: logLineSchema,
  Node: nodeSchema,
  PlanPreview: planPreviewSchema,
  Problem: problemSchema,
  Workload: workloadSchema,
  WorkloadMetadata: workloadMetadataSchema,
  WorkloadSpec: workloadSpecSchema,
};

const refOf = (id: string): string => `#/components/schemas/${id}`;

type Overridden = { readonly zodSchema: z.core.$ZodTypes; readonly jsonSchema: z.core.JSONSchema.BaseSchema };

/** A branded id is a string in and out; its brand is for our compiler. */
function describeBrand({ zodSchema, jsonSchema }: Overridden): void {
  const { def } = zodSchema._zod;
  if (def.type !== 'pipe' || def.out._zod.def.type !== 'transform') return;
  const { $schema: _dialect, ...own } = z.toJSONSchema(def.in, { io: 'input' });
  Object.assign(jsonSchema, own);
}

/** Answers may get more fields in later releases; what is sent may not have any other. */
function describeOutput(overridden: Overridden): void {
  describeBrand(overridden);
  if (overridden.jsonSchema.additionalProperties === false) delete overridden.jsonSchema.additionalProperties;
}

/** What stands for itself beside the names of the document is not repeated in each schema. */
function strip(schema: Readonly<Record<string, unknown>>): JsonSchema {
  const { $schema: _dialect, $id: _id, ...own } = schema;
  return own;
}

/**
 * Schemas of one direction. In `input`, what has a default may be left out; in `output`, it is always there.
 *
 * @returns `of`: a schema as it stands in the document; `named`: the components
 */
export function createJsonSchemas(io: 'input' | 'output') {
  const suffix = io === 'input' ? 'Input' : '';
  const nameOf = (name: string): string => (name === 'Problem' ? name : `${name}${suffix}`);
  const options = { io, unrepresentable: 'any', override: io === 'input' ? describeBrand : describeOutput, uri: refOf } as const;
  const fill = (registry: z.core.$ZodRegistry<{ id: string }>): void => {
    for (const [name, schema] of Object.entries(NAMED)) registry.add(schema, { id: nameOf(name) });
  };
  return {
    of(schema: z.ZodType): JsonSchema {
      const known = Object.entries(NAMED).find(([, one]) => one === schema);
      if (known) return { $ref: refOf(nameOf(known[0])) };
      const registry = z.registry<{ id: string }>();
      fill(registry);
      registry.add(schema, { id: 'this' });
      return strip(z.toJSONSchema(registry, options).schemas['this'] ?? {});
    },
    named(): Readonly<Record<string, JsonSchema>> {
      const registry = z.registry<{ id: string }>();
      fill(registry);
      return Object.fromEntries(Object.entries(z.toJSONSchema(registry, options).schemas).map(([id, schema]) => [id, strip(schema)]));
    },
  };
}
