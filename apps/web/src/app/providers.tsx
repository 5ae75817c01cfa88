'use client';

import { isCloudlessError } from '@cloudless/proto';
import { Toaster, TooltipProvider } from '@cloudless/ui';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { ThemeProvider } from 'next-themes';
import { useState, type ReactNode } from 'react';

declare global {
  interface Window {
    /** Read by `get-nonce`, with which Radix makes its style elements. */
    __webpack_nonce__?: string;
  }
}

const RETRIES = 1;

function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // A session that ended shows in any answer; the gate asks again who is there and leads to the door.
        if (isCloudlessError(error) && error.code === 'unauthenticated' && query.queryKey[0] !== 'account.me')
          void client.invalidateQueries({ queryKey: ['account.me'] });
      },
    }),
    defaultOptions: {
      queries: {
        retry: (count, error) => count < RETRIES && isCloudlessError(error) && error.code === 'coordinator_unreachable',
        retryDelay: 500,
        refetchOnWindowFocus: false,
      },
    },
  });
  return client;
}

export function Providers({ nonce, children }: { readonly nonce: string | undefined; readonly children: ReactNode }) {
  const [queries] = useState(createQueryClient);
  const t = useTranslations('shell');
  if (typeof window !== 'undefined' && nonce !== undefined) window.__webpack_nonce__ ??= nonce;
  return (
    <ThemeProvider attribute="class" defaultTheme="system" storageKey="cloudless-theme" {...(nonce === undefined ? {} : { nonce })}>
      <QueryClientProvider client={queries}>
        <TooltipProvider>
          {children}
          <Toaster label={t('receipts')} closeLabel={t('close')} />
        </TooltipProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}
