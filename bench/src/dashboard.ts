import { chromium } from '@playwright/test';
import { startProduct } from '@cloudless/tools/product';
import { figuresOf, type Result } from './figures.ts';

const LOADS = 20;
const GOAL_JS_KB = 250;

type Load = { readonly scriptKb: number; readonly totalKb: number; readonly paintMs: number };

/** Runs in the page; as text, because the page's types are not this program's. */
const IN_PAGE = `(async () => {
  const paintMs = await new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  const sum = (entries) => entries.reduce((total, entry) => total + entry.encodedBodySize, 0) / 1024;
  const resources = performance.getEntriesByType('resource');
  return {
    scriptKb: sum(resources.filter((entry) => entry.name.includes('.js'))),
    totalKb: sum([...resources, ...performance.getEntriesByType('navigation')]),
    paintMs,
  };
})()`;

/** B13, first part: the first page that a person meets, with an empty cache each time. */
export async function measureDashboard(): Promise<Result> {
  await using product = await startProduct();
  const url = `${product.url}/claim`;
  const browser = await chromium.launch({
    executablePath: process.env['CLOUDLESS_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const loads: Load[] = [];
  try {
    for (let turn = 0; turn < LOADS; turn += 1) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'networkidle' });
      loads.push(await page.evaluate<Load>(IN_PAGE));
      await context.close();
    }
  } finally {
    await browser.close();
  }
  const script = loads.map((load) => load.scriptKb);
  const paint = loads.map((load) => load.paintMs);
  const total = loads.map((load) => load.totalKb);
  return {
    id: 'B13',
    title: 'Dashboard, first load',
    method: `Chromium over loopback, empty cache, ${LOADS} loads of the first page, 1440 px. Sizes as sent (encoded body), paint is Largest Contentful Paint.`,
    measures: [
      {
        name: 'JavaScript',
        unit: 'KB',
        value: figuresOf(script).p50,
        figures: figuresOf(script),
        raw: script,
        goal: `≤ ${GOAL_JS_KB}`,
        met: figuresOf(script).p50 <= GOAL_JS_KB,
      },
      { name: 'everything', unit: 'KB', value: figuresOf(total).p50, figures: figuresOf(total), raw: total },
      { name: 'largest paint', unit: 'ms', value: figuresOf(paint).p50, figures: figuresOf(paint), raw: paint },
    ],
    leftOut: ['a list of 5,000 devices', 'a log stream of 10,000 lines a second'],
  };
}
