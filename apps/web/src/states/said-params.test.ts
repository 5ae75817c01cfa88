import { describe, expect, it } from 'vitest';
import { canSay } from '../i18n/fill-text.ts';
import { listShortages, paramsBeneath, saidParams, type Tongue } from './said-params.ts';

const german: Tongue = {
  bytes: (bytes) => `${bytes / 2 ** 30} GiB`,
  cores: (millicores) => `${millicores / 1000} Kerne`,
  duration: (ms) => `${ms / 1000} s`,
  list: (parts) => new Intl.ListFormat('de').format(parts),
  ofMemory: (amount) => `${amount} Arbeitsspeicher`,
  ofDisk: (amount) => `${amount} Platte`,
  more: (count) => `${count} weitere`,
};

describe('what is told of a cause', () => {
  it('has the cause beneath it, where there is one', () => {
    const told = {
      code: 'failed',
      cause: 'failed: no such host',
      beneathCode: 'registry_unreachable',
      beneath: 'no such host',
      attempt: 2,
    };
    expect(paramsBeneath(told)).toEqual({ code: 'registry_unreachable', cause: 'no such host', attempt: 2 });
    expect(paramsBeneath({ code: 'stopped', cause: 'it was stopped', workload: 'web' })).toEqual({ workload: 'web' });
  });
  it('names devices in the reader’s language, and how many there are besides', () => {
    expect(saidParams({ nodes: 'attic, cellar and 3 more', names: 'attic, cellar', more: 3 }, german)['nodes']).toBe(
      'attic, cellar und 3 weitere',
    );
    expect(saidParams({ nodes: 'attic', names: 'attic', more: 0 }, german)['nodes']).toBe('attic');
  });
  it('gives quantities their units', () => {
    const said = saidParams({ memoryBytes: 2 ** 31, cpuMillicores: 1500, freeMemoryBytes: 2 ** 30, delayMs: 4000 }, german);
    expect(said).toMatchObject({ amounts: '1.5 Kerne und 2 GiB Arbeitsspeicher', free: '1 GiB Arbeitsspeicher', delay: '4 s' });
  });
  it('says nothing of what it has no number for', () => {
    expect(saidParams({ node: 'attic' }, german)).toEqual({ node: 'attic' });
  });
  it('names only what there is too little of, and where there is most', () => {
    const params = { cpuMillicores: 100, memoryBytes: 2 ** 40, shortOfMemory: 3, freeMemoryBytes: 2 ** 31, freeMemoryOn: 'attic' };
    expect(listShortages(params, german)).toEqual([{ amount: '1024 GiB Arbeitsspeicher', node: 'attic', free: '2 GiB', others: 2 }]);
  });
});

describe('whether a sentence can be said', () => {
  it('is not asked of words in the branches of a choice', () => {
    expect(canSay('{count, plural, =0 {Nothing runs here.} one {One replica runs here.} other {# run here.}}', { count: 1 })).toBe(true);
  });
});
