import { defineConfig } from '@playwright/test';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';

const { chrome } = await ensureBrowser();

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  reporter: 'list',
  forbidOnly: Boolean(process.env.CI),
  // A test that only passes the second time has found something.
  retries: 0,
  workers: 1,
  // Deadlines in milliseconds, not expectations: a slow machine under load must still meet them.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  use: {
    actionTimeout: 20_000,
    navigationTimeout: 20_000,
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: chrome, args: browserFlags },
  },
});
