import { expect, test } from '@playwright/test';
import type { ClusterEvent, Join } from '@cloudless/proto';
import { createLan, type Machine } from '@cloudless/tools/machines';
import QRCode from 'qrcode';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { startProduct } from '@cloudless/tools/product';
import { createOffer, joinByCommand, startCluster, untilNode } from '../src/devices.ts';
import { claimWithPassword } from '../src/person.ts';

/** A command that waits for a person: what it has said, and its end. */
function begin(machine: Machine, argv: readonly [string, ...string[]]) {
  const running = machine.start(argv);
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    let found: RegExpExecArray | null = null;
    await expect
      .poll(() => (found = pattern.exec(running.output())) !== null, { message: `it says ${pattern.source}`, timeout: 30_000 })
      .toBe(true);
    if (found === null) throw new Error('unreachable');
    return found;
  };
  return { ...running, said };
}
const WORDS = /four words: +(\w+) +(\w+) +(\w+) +(\w+)/;

test('a typed code lets a machine in once a person has compared four words', async ({ page }) => {
  await using lan = await createLan();
  await using product = await startProduct({ flags: ['--host', '0.0.0.0'] });
  await claimWithPassword(page, product);
  const machine = await lan.addMachine('attic');
  await page.goto(`${product.url}/devices`);
  await page.getByRole('button', { name: 'Add a device', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a device' });
  await dialog.getByRole('button', { name: 'Show the command' }).click();
  const installer = (await dialog.getByRole('region', { name: 'Command' }).first().innerText()).trim().split(' | ')[0] ?? '';
  await dialog.getByRole('tab', { name: 'Code' }).click();
  const codeCommand = (await dialog.getByRole('region', { name: 'Command' }).innerText()).trim().split(' ').slice(1);
  // The installer alone puts the agent there; what it shows without a token is not answered here.
  const installing = begin(machine, ['sh', '-c', `${installer} | sh`]);
  await installing.said(WORDS);
  installing.kill();
  const joining = begin(machine, [machine.agent, ...codeCommand]);
  const words = (await joining.said(WORDS)).slice(1, 5);
  const approval = dialog.getByRole('region', { name: 'A device waits' });
  await expect(approval.getByRole('group', { name: 'Four words' })).toHaveText(words.join(''));
  await approval.getByRole('button', { name: 'The words are the same' }).click();
  expect(await joining.ended, joining.output()).toBe(0);
  expect((await machine.run([machine.agent, 'install'])).output).toContain('Connected');
  await expect(page.getByRole('dialog', { name: 'attic has joined' }).getByText('Online', { exact: true }).first()).toBeVisible({
    timeout: 30_000,
  });
});

test('a machine without a screen shows a QR; the page scans it with the camera and lets the machine in', async () => {
  test.setTimeout(180_000);
  await using lan = await createLan();
  await using product = await startProduct({ flags: ['--host', '0.0.0.0'] });
  const machine = await lan.addMachine('headless');
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-camera-'));
  const video = join(folder, 'camera.y4m');
  await writeFile(video, drawVideo('nothing yet'));
  const browser = await chromium.launch({
    executablePath: process.env['CLOUDLESS_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${video}`,
    ],
  });
  try {
    const first = await browser.newPage();
    await claimWithPassword(first, product);
    const storage = await first.context().storageState();
    const installing = begin(machine, ['sh', '-c', `curl -fsSk 'https://${lan.hostAddress}:${product.port}/install' | sh`]);
    const words = (await installing.said(WORDS)).slice(1, 5);
    const [url = ''] = await installing.said(/https:\/\/\S+\/pair#\S+/);
    // What the terminal shows as blocks is this very text; the camera sees it as a picture.
    await writeFile(video, drawVideo(url));
    const context = await browser.newContext({ storageState: storage, permissions: ['camera'] });
    const page = await context.newPage();
    await page.goto(`${product.url}/pair`);
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByLabel('Name').fill('Kitchen');
    await page.getByLabel('Labels').fill('room');
    await expect(page.getByRole('button', { name: 'The words are the same' }), 'nothing that was typed is lost').toBeDisabled();
    await page.getByLabel('Labels').fill('room=kitchen');
    await expect(page.getByRole('group', { name: 'Four words' })).toHaveText(words.join(''));
    await page.getByRole('button', { name: 'The words are the same' }).click();
    expect(await installing.ended, installing.output()).toBe(0);
    await expect(page.getByText('Kitchen has joined')).toBeVisible();
    await expect(page.getByText('Online', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
    await page.getByRole('main').getByRole('link', { name: 'Kitchen' }).click();
    await expect(page.getByText('room=kitchen')).toBeVisible();
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('wrong, used and guessed codes are refused, counted and told; so is a token shown twice', async () => {
  await using lan = await createLan();
  await using cluster = await startCluster();
  const { rest } = cluster;
  const machine = await lan.addMachine('attic');
  const offer = await createOffer(rest);
  await joinByCommand(machine, offer.command);
  await untilNode(rest, 'attic', 'attic is online', (node) => node?.state.word === 'online');
  const other = await lan.addMachine('other');
  const replay = await other.run(['sh', '-c', offer.command]);
  expect(replay.exitCode).not.toBe(0);
  expect(replay.output).toMatch(/Failed at the token or code \(token\).*used already/s);
  const at = offer.codeCommand.split(' ').at(-1) ?? '';
  for (let guess = 0; guess < 6; guess += 1) {
    const tried = await other.run([other.agent, 'join', `ABCD-EFG${guess}`, '--at', at]);
    expect(tried.output).toMatch(guess < 5 ? /no offer has this code/ : /too many wrong codes/);
  }
  const events = (await rest.call<{ rows: ClusterEvent[] }>('GET', '/events?limit=50')).body.rows;
  expect(events.filter(({ kind }) => kind === 'join.attacked').map(({ message }) => message)).toEqual([
    expect.stringContaining('too many wrong codes'),
    expect.stringContaining('used already'),
  ]);
  const { rows } = (await rest.call<{ rows: Join[] }>('GET', '/joins')).body;
  expect(rows[0]?.failures.at(-1)).toMatchObject({ hop: 'token', remoteAddress: other.address });
});

/** A second of grey video (YUV4MPEG2) that shows a QR code. */
function drawVideo(text: string): Buffer {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'L' });
  const scale = 8;
  const side = Math.ceil(((modules.size + 8) * scale) / 2) * 2;
  const luma = Buffer.alloc(side * side, 235);
  for (let row = 0; row < modules.size; row += 1)
    for (let column = 0; column < modules.size; column += 1)
      if (modules.get(row, column) === 1)
        for (let y = 0; y < scale; y += 1)
          luma.fill(16, ((row + 4) * scale + y) * side + (column + 4) * scale, ((row + 4) * scale + y) * side + (column + 5) * scale);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((side * side) / 2, 128)]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${side} H${side} F10:1 Ip A1:1 C420jpeg\n`), ...Array.from({ length: 10 }, () => frame)]);
}
