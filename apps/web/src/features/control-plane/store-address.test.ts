import { expect, test } from 'vitest';
import { readStoreAddress, writeStoreCommands } from './store-address.ts';

test.each([
  ['http://10.0.0.5:4001', 'http://10.0.0.5:4001'],
  [' 10.0.0.5:4001 ', 'http://10.0.0.5:4001'],
  ['https://store.example:4001/path', 'https://store.example:4001'],
  ['my store', undefined],
  ['ftp://10.0.0.5', undefined],
  ['http://ada:secret@10.0.0.5:4001', undefined],
  ['', undefined],
])('an address typed as %j is %s', (text, url) => {
  expect(readStoreAddress(text)).toBe(url);
});

const node = (address: string, reachable = true) => ({ id: address, address, role: 'follower' as const, reachable });

test('the commands name every node that answers, the typed one first, and the data folder', () => {
  const nodes = [node('http://b:4001'), node('http://a:4001'), node('http://c:4001', false), node('4')];
  expect(writeStoreCommands({ url: 'http://a:4001', nodes, username: '', dataFolder: '/srv/cloud less' })).toEqual({
    move: "npm run move-to-rqlite -- --data '/srv/cloud less' --url http://a:4001,http://b:4001",
    start: "CLOUDLESS_STORE_URL=http://a:4001,http://b:4001 npm start -- --data '/srv/cloud less'",
  });
});

test('a user goes with them, and no password', () => {
  const { move } = writeStoreCommands({ url: 'http://a:4001', nodes: [], username: "o'neil", dataFolder: undefined });
  expect(move).toBe(
    String.raw`CLOUDLESS_STORE_USER='o'\''neil' CLOUDLESS_STORE_PASSWORD_FILE=$PWD/password.txt npm run move-to-rqlite -- --url http://a:4001`,
  );
});
