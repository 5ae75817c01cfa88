import {
  allocationRowSchema,
  nodeRowSchema,
  readStored,
  workloadRowSchema,
  type AllocationRow,
  type NodeRow,
  type WorkloadRow,
} from '@cloudless/proto';
import type { z } from 'zod';
import type { SqlValue, Statement } from '../sql/driver.ts';
import type { ControlRows, ControlTable } from './store.ts';

type Column<Row> = { readonly name: string; readonly value: (row: Row) => SqlValue };
type TableShape<Row> = {
  readonly schema: z.ZodType<Row>;
  /** Indexed copies of fields; `body` is the truth. */
  readonly columns: readonly Column<Row>[];
};

const SHAPES: { readonly [T in ControlTable]: TableShape<ControlRows[T]> } = {
  node: {
    schema: nodeRowSchema,
    columns: [
      { name: 'org_id', value: (row: NodeRow) => row.orgId },
      { name: 'name', value: (row: NodeRow) => row.name },
    ],
  },
  workload: {
    schema: workloadRowSchema,
    columns: [
      { name: 'org_id', value: (row: WorkloadRow) => row.orgId },
      { name: 'project_id', value: (row: WorkloadRow) => row.projectId },
      { name: 'name', value: (row: WorkloadRow) => row.name },
    ],
  },
  allocation: {
    schema: allocationRowSchema,
    columns: [
      { name: 'org_id', value: (row: AllocationRow) => row.orgId },
      { name: 'project_id', value: (row: AllocationRow) => row.projectId },
      { name: 'workload_id', value: (row: AllocationRow) => row.workloadId },
      { name: 'node_id', value: (row: AllocationRow) => row.nodeId },
    ],
  },
};

export const CONTROL_TABLES = ['node', 'workload', 'allocation'] as const satisfies readonly ControlTable[];

/** Parses a row's JSON, as bytes from outside: of this release, one before, or a later one. */
export const parseRow = <T extends ControlTable>(table: T, body: string): ControlRows[T] => readStored(SHAPES[table].schema, body);

export const rowColumns = (table: ControlTable): readonly string[] => [
  'id',
  ...SHAPES[table].columns.map(({ name }) => name),
  'version',
  'body',
];

/** In the order of `rowColumns`. */
export const rowValues = <T extends ControlTable>(table: T, row: ControlRows[T], version: number): readonly SqlValue[] => [
  row.id,
  ...SHAPES[table].columns.map(({ value }) => value(row)),
  version,
  JSON.stringify(row),
];

export const deleteRow = (table: ControlTable, id: string): Statement => ({ sql: `DELETE FROM ${table} WHERE id = ?`, params: [id] });
