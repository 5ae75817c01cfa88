import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { stopRequestedEvent } from './plan-events.ts';

it('tells what lies beneath the cause of a stop, so that any language can say both', () => {
  const row = buildAllocationRow(buildWorkloadRow('web'), buildNodeRow('laptop'));
  const params = { image: 'web:1', code: 'registry_unreachable', cause: 'no such host', attempt: 2, retryAt: 0 };
  const event = stopRequestedEvent(row, 'laptop', { code: 'failed', message: 'failed: no such host', params });
  expect(event.params).toMatchObject({
    code: 'failed',
    cause: 'failed: no such host',
    beneathCode: 'registry_unreachable',
    beneath: 'no such host',
    attempt: 2,
    image: 'web:1',
  });
  expect(stopRequestedEvent(row, 'laptop', { code: 'stopped', message: 'web was stopped' }).params).not.toHaveProperty('beneath');
});
