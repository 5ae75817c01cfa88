import { join } from 'node:path';
import type { NextConfig } from 'next';
import createNextIntlPlugin from 'next-intl/plugin';

const repository = join(import.meta.dirname, '..', '..');

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: repository,
  turbopack: { root: repository },
  transpilePackages: ['@cloudless/kernel', '@cloudless/proto', '@cloudless/sdk', '@cloudless/ui'],
  experimental: { optimizePackageImports: ['@cloudless/ui', 'radix-ui'] },
  // `npm run check` checks the types; a person who starts the product need not wait for that.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  agentRules: false,
  images: { unoptimized: true },
};

export default createNextIntlPlugin('./src/i18n/request.ts')(config);
