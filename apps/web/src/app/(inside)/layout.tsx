import type { ReactNode } from 'react';
import { Shell } from '#web/shell/shell.tsx';

export default function InsideLayout({ children }: { readonly children: ReactNode }) {
  return <Shell>{children}</Shell>;
}
