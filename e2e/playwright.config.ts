import { defineConfig } from '@playwright/test';

/**
 * One worker: every journey has a whole product of its own (coordinator, dashboard, agent, containers) on two cores.
 * Chromium is the system's; nothing is downloaded.
 */
export default defineConfig({
  projects: [
    { name: 'journeys', testDir: './journeys' },
    { name: 'chaos', testDir: './chaos' },
  ],
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  outputDir: './test-results',
  reporter: process.env['CLOUDLESS_E2E_JSON'] ? [['line'], ['json', { outputFile: process.env['CLOUDLESS_E2E_JSON'] }]] : [['line']],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
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
    },
  },
});
