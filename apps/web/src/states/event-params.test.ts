import type { ClusterEvent } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { canSay } from '../i18n/fill-text.ts';
import { paramsOfEvent } from './event-params.ts';

const ada = { kind: 'user', id: 'usr_a', name: 'Ada' } as const;
const paramsOf = (kind: ClusterEvent['kind'], params: ClusterEvent['params']) => paramsOfEvent({ kind, params, actor: ada });

describe('the sentence of an event', () => {
  it('is about the device, not about who cordoned it', () => {
    expect(paramsOf('node.cordoned', { node: 'attic' })['name']).toBe('attic');
  });
  it('names the person of a sign-in', () => expect(paramsOf('person.signedOut', {})['name']).toBe('Ada'));
  it('counts replicas from 1', () => expect(paramsOf('allocation.ready', { slot: 0 })['replica']).toBe(1));
  it('is not said by half', () => {
    expect(canSay('{name} went to {place}', { name: 'attic' })).toBe(false);
    expect(canSay('{count, plural, one {# app} other {# apps}}', { count: 1 })).toBe(true);
  });
});
