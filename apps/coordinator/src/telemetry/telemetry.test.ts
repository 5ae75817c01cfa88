import type { Store } from '@cloudless/db';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createTelemetry } from './telemetry.ts';

const node = buildNodeRow();
const workload = buildWorkloadRow();
const rows = {
  node: [node],
  workload: [workload],
  allocation: [buildAllocationRow(workload, node), buildAllocationRow(workload, node, 1)],
};
const store = {
  revision: 7,
  list: (table: keyof typeof rows) => rows[table].map((row) => ({ row, version: 1 })).values(),
  commit: () => Promise.resolve({ kind: 'committed', revision: 8 }),
} as unknown as Store;

describe('metrics', () => {
  it('count nodes by state and replicas by phase, naming every state and no id', async () => {
    const telemetry = createTelemetry();
    telemetry.watch({
      store,
      countSessions: () => 1,
      countLiveConnections: () => 3,
      tableSizes: () => Promise.resolve([{ table: 'event', rows: 7, alarm: 9 }]),
    });
    const text = await telemetry.text();
    for (const line of [
      'cloudless_nodes{state="online"} 1',
      'cloudless_nodes{state="lost"} 0',
      'cloudless_allocations{phase="running"} 2',
      'cloudless_workloads 1',
      'cloudless_store_revision 7',
      'cloudless_live_connections 3',
      'cloudless_store_rows{table="event"} 7',
      'cloudless_store_rows_alarm{table="event"} 150000',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain(node.id);
    expect(text).toContain('cloudless_nodejs_eventloop_lag_p99_seconds');
  });

  it('count requests by route and class, and time commits', async () => {
    const telemetry = createTelemetry();
    telemetry.begin('rest')(204);
    await telemetry.timed(store).commit({ id: 'batch_x' as never, mutations: [] });
    const text = await telemetry.text();
    expect(text).toContain('cloudless_http_requests_total{route="rest",status="2xx"} 1');
    expect(text).toContain('cloudless_store_commit_seconds_count{outcome="committed"} 1');
  });

  it('leaves the rest of the store as it was', () => expect(createTelemetry().timed(store).revision).toBe(7));
});
