import { expect, test } from '@playwright/test';
import type { Operation } from '../src/chaos/history.ts';
import { findNonlinear } from '../src/chaos/linearizable.ts';

const operation = (
  kind: Operation['kind'],
  value: string | undefined,
  invokedAtMs: number,
  endedAtMs: number,
  outcome: Operation['outcome'] = 'ok',
): Operation => ({ key: 'app', kind, value, invokedAtMs, endedAtMs, outcome });

test.describe('a history of one register', () => {
  test('holds when reads give what was written last, and overlapping operations in either order', () => {
    expect(
      findNonlinear([
        operation('write', 'a', 0, 10),
        operation('write', 'b', 5, 20),
        operation('read', 'b', 12, 30),
        operation('read', 'a', 12, 14),
        operation('read', 'b', 40, 50),
      ]),
    ).toBeUndefined();
  });

  test('is wrong when a read gives what was overwritten before it began', () => {
    expect(findNonlinear([operation('write', 'a', 0, 10), operation('write', 'b', 20, 30), operation('read', 'a', 40, 50)])).toContain(
      '40–50 ms: read a',
    );
  });

  test('is wrong when an acknowledged write is lost', () => {
    expect(findNonlinear([operation('write', 'a', 0, 10), operation('read', undefined, 20, 30)])).toContain(
      'did not behave as one register',
    );
  });

  test('is wrong when one reader goes back in time', () => {
    const goesBack = [
      operation('write', 'a', 0, 10),
      operation('write', 'b', 15, 100),
      operation('read', 'b', 20, 30),
      operation('read', 'a', 40, 50),
    ];
    expect(findNonlinear(goesBack)).toBeDefined();
    expect(findNonlinear(goesBack.slice(0, 3))).toBeUndefined();
  });

  test('lets a write of unknown outcome happen late, once, or never', () => {
    const write = operation('write', 'late', 0, Infinity, 'unknown');
    expect(findNonlinear([write, operation('read', undefined, 10, 20), operation('read', 'late', 30, 40)])).toBeUndefined();
    expect(findNonlinear([write, operation('read', undefined, 10, 20)])).toBeUndefined();
    expect(
      findNonlinear([write, operation('read', 'late', 10, 20), operation('write', 'next', 30, 40), operation('read', 'late', 50, 60)]),
    ).toBeDefined();
  });

  test('lets a write that failed never happen', () => {
    expect(findNonlinear([operation('write', 'a', 0, 10, 'fail'), operation('read', 'a', 20, 30)])).toBeDefined();
  });

  test('knows removal', () => {
    const removed = [operation('write', 'a', 0, 10), operation('write', undefined, 20, 30), operation('read', undefined, 40, 50)];
    expect(findNonlinear(removed)).toBeUndefined();
    expect(findNonlinear([...removed, operation('read', 'a', 60, 70)])).toBeDefined();
  });

  test('is judged in time with hundreds of operations, ten at once and some unknown', () => {
    const operations: Operation[] = [];
    for (let round = 0; round < 60; round += 1) {
      const at = round * 100;
      for (let client = 0; client < 5; client += 1) operations.push(operation('write', `${round}-${client}`, at + client, at + 60));
      for (let client = 0; client < 5; client += 1) operations.push(operation('read', `${round}-3`, at + 50, at + 90));
      if (round % 10 === 0) operations.push(operation('write', `lost-${round}`, at, Infinity, 'unknown'));
    }
    expect(findNonlinear(operations)).toBeUndefined();
    operations.push(operation('read', '0-1', 7000, 7010));
    expect(findNonlinear(operations)).toBeDefined();
  });
});
