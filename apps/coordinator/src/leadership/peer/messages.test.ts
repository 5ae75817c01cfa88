import { describe, expect, it } from 'vitest';
import { parseLine, parseStandby } from './messages.ts';

describe('coordinators of two releases', () => {
  it('attend each other: what the newer one says more is passed over', () => {
    expect(parseLine('{"kind":"ports","ports":[7700],"hosts":["home.example"]}')).toEqual({ kind: 'ports', ports: [7700] });
    expect(parseLine('{"kind":"drain","untilAt":1}')).toEqual({ kind: 'newer' });
    const standby = { instance: 'proc_1', version: '2.0.0', address: 'http://10.0.0.5:7600', agentAddresses: [] };
    expect(parseStandby(JSON.stringify({ ...standby, zone: 'attic' }))).toEqual(standby);
  });

  it('take nothing else for a message', () => {
    for (const text of ['', 'beat', '[]', '{"kind":1}']) expect(parseLine(text)).toBeUndefined();
  });
});
