import { describe, expect, test } from 'vitest';
import { formatJoinCode, hashJoinCode, parseJoinCode } from './join-code.ts';
import { encodeJoinToken, parseJoinToken } from './join-token.ts';
import { commitTo, wordsOf } from './pairing.ts';

const honest = { caHash: 'A'.repeat(43), csr: 'request', deviceNonce: 'd'.repeat(43), coordinatorNonce: 'c'.repeat(43) };

describe('pairing', () => {
  test('both ends read the same four words', () => {
    expect(wordsOf({ ...honest })).toEqual(wordsOf(honest));
    expect(new Set(wordsOf(honest).map((word) => word.length > 2))).toEqual(new Set([true]));
  });

  test.each(['caHash', 'csr', 'deviceNonce', 'coordinatorNonce'] as const)('the words change with %s', (part) => {
    expect(wordsOf({ ...honest, [part]: 'x'.repeat(43) })).not.toEqual(wordsOf(honest));
  });

  test('a commitment fits one request and one nonce', () => {
    expect(commitTo(honest)).toHaveLength(43);
    expect(commitTo({ ...honest, csr: 'other' })).not.toBe(commitTo(honest));
    // The same letters, cut elsewhere.
    expect(commitTo({ csr: 'ab', deviceNonce: 'c' })).not.toBe(commitTo({ csr: 'b', deviceNonce: 'ca' }));
  });
});

describe('a join code', () => {
  test('is eight letters that a person may type loosely', () => {
    const code = formatJoinCode(Uint8Array.from([0, 1, 2, 3, 31, 200, 255, 17]));
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(parseJoinCode(` ${code.toLowerCase().replace('-', ' ')} `)).toBe(code.replace('-', ''));
    expect(parseJoinCode('oi1l-abcd')).toBe('0111ABCD');
    expect(parseJoinCode('ABC')).toBeUndefined();
    expect(parseJoinCode('ABCD-EFG!')).toBeUndefined();
  });

  test('is kept under a key', () => {
    expect(hashJoinCode('ABCDEFGH', new Uint8Array(32))).not.toEqual(hashJoinCode('ABCDEFGH', new Uint8Array(32).fill(1)));
  });
});

describe('a join token', () => {
  const token = { caHash: 'h'.repeat(43), id: `join_${'a'.repeat(26)}`, secret: 's'.repeat(32) } as Parameters<typeof encodeJoinToken>[0];

  test('carries where the coordinator may be', () => {
    const addresses = ['192.168.1.5:7600', '[fd00::1]:7600', 'pi.local:7600', 'https://home.example.org/cloudless'];
    expect(parseJoinToken(encodeJoinToken({ ...token, addresses }))).toMatchObject({ ...token, addresses });
  });

  test('without addresses is what it was', () => {
    expect(parseJoinToken(encodeJoinToken(token))?.addresses).toEqual([]);
  });

  test('leaves out what is no address', () => {
    const forged = `${encodeJoinToken(token)}.${Buffer.from('good:1\nbad one\n\u0007').toString('base64url')}`;
    expect(parseJoinToken(forged)?.addresses).toEqual(['good:1']);
  });
});
