import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { createDuplexChannel } from './duplex-channel.ts';

/** What reaches the system in one write each. */
function openChannel() {
  const writes: Buffer[] = [];
  const duplex = new Duplex({
    read: () => undefined,
    write(piece: Buffer, _, done) {
      writes.push(piece);
      done();
    },
    writev(pieces, done) {
      writes.push(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)));
      done();
    },
  });
  return { writes, channel: createDuplexChannel(duplex, 2 ** 20) };
}

const frame = (text: string): Buffer => Buffer.from(text);
const sent = (text: string): string => `\0\0\0${String.fromCharCode(text.length)}${text}`;
const endOfTurn = (): Promise<void> => new Promise((resolve) => void process.nextTick(resolve));

it('sends the first frame of a turn at once, in one write, and the others of that turn in one more', async () => {
  const { writes, channel } = openChannel();
  channel.write(frame('first'));
  expect(writes.map(String)).toEqual([sent('first')]);
  channel.write(frame('second'));
  channel.write(frame('third'));
  expect(writes).toHaveLength(1);
  await endOfTurn();
  expect(writes.map(String)).toEqual([sent('first'), sent('second') + sent('third')]);
  channel.write(frame('next'));
  expect(writes.map(String).at(-1)).toBe(sent('next'));
});

it('sends a large frame uncopied, in one write with its length', async () => {
  const { writes, channel } = openChannel();
  channel.write(Buffer.alloc(100_000));
  await endOfTurn();
  expect(writes.map(({ byteLength }) => byteLength)).toEqual([100_004]);
});
