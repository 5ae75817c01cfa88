import { createSeededEntropy } from '@cloudless/kernel/testing';
import type { ClusterId, JoinTokenId, NodeId } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import {
  encodeJoinToken,
  formatSpiffeId,
  hashJoinSecret,
  isSameHash,
  parseJoinToken,
  parseSpiffeId,
  renewAt,
  trustDomainOf,
} from './index.ts';

const entropy = createSeededEntropy(1);
const nodeId = entropy.id('node') as NodeId;

describe('a SPIFFE id', () => {
  it('reads back as what it was written from', () => {
    const trustDomain = trustDomainOf(entropy.id('cluster') as ClusterId);
    for (const subject of [{ kind: 'node', nodeId }, { kind: 'coordinator' }] as const) {
      expect(parseSpiffeId(formatSpiffeId(trustDomain, subject))).toEqual({ trustDomain, subject });
    }
  });

  it('is refused when it is of another shape', () => {
    for (const text of [
      '',
      'https://a/coordinator',
      'spiffe://a/coordinator/',
      'spiffe://a/node/',
      'spiffe://a/node/node_x',
      'spiffe://A/coordinator',
      `spiffe://a/node/${nodeId}/x`,
      'spiffe:///coordinator',
    ]) {
      expect(parseSpiffeId(text)).toBeUndefined();
    }
  });
});

describe('a join token', () => {
  const token = { caHash: 'A'.repeat(43), id: entropy.id('join') as JoinTokenId, secret: 'abcdefghijklmnop_-' };

  it('reads back as what it was written from, with space around it', () => {
    expect(parseJoinToken(` ${encodeJoinToken(token)}\n`)).toEqual({ ...token, presented: `${token.id}.${token.secret}`, addresses: [] });
  });

  it('is refused when it is of another shape', () => {
    for (const text of [
      '',
      'cl1',
      encodeJoinToken(token).replace('cl1', 'cl2'),
      `${encodeJoinToken(token)}.more.than.that`,
      encodeJoinToken({ ...token, caHash: 'short' }),
    ]) {
      expect(parseJoinToken(text)).toBeUndefined();
    }
  });

  it('is known by the hash of its secret only', () => {
    expect(isSameHash(hashJoinSecret('one'), hashJoinSecret('one'))).toBe(true);
    expect(isSameHash(hashJoinSecret('one'), hashJoinSecret('two'))).toBe(false);
    expect(isSameHash(hashJoinSecret('one'), Uint8Array.of(1))).toBe(false);
  });
});

describe('renewal', () => {
  it('falls between 50 and 66 % of the life of a certificate', () => {
    const life = { notBefore: 1000, notAfter: 2000 };
    expect(renewAt(life, 0)).toBe(1500);
    expect(renewAt(life, 0.999_999)).toBe(1660);
  });
});
