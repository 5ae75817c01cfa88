import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { allocateGatewayPort, canListen } from './gateway-ports.ts';

const storeOf = (...ports: readonly number[]) =>
  ({ list: () => ports.map((gatewayPort) => ({ row: { gatewayPort } })) }) as unknown as Parameters<typeof allocateGatewayPort>[0];

it('a new app gets the lowest port that neither an app nor another program has', async () => {
  const held = new Set([7702]);
  const port = await allocateGatewayPort(storeOf(7700, 7701), { from: 7700, to: 7709 }, async (asked) => !held.has(asked));
  expect(port).toBe(7703);
});

it('a full range is refused with what to do', async () => {
  await expect(allocateGatewayPort(storeOf(7700), { from: 7700, to: 7701 }, async () => false)).rejects.toThrow(
    /widen CLOUDLESS_APP_PORTS/,
  );
});

it('a port that another program listens on cannot be had, and can be once it is let go', async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
  });
  expect(await canListen(port, '127.0.0.1')).toBe(false);
  await new Promise((resolve) => holder.close(resolve));
  expect(await canListen(port, '127.0.0.1')).toBe(true);
});
