'use client';

import dynamic from 'next/dynamic';
import { useState } from 'react';
import type { PaletteProps } from './palette.tsx';
import { useTypedAhead } from './use-typed-ahead.ts';

const Palette = dynamic(async () => (await import('./palette.tsx')).Palette, { ssr: false });

/** The palette, loaded when it is first wanted; what is typed until it is there stands in it. It stays, as what it opened outlives it. */
export function LazyPalette({ open, onOpenChange }: Pick<PaletteProps, 'open' | 'onOpenChange'>) {
  const [search, setSearch] = useTypedAhead(open);
  const [wasOpened, setOpened] = useState(open);
  if (open && !wasOpened) setOpened(true);
  return wasOpened ? <Palette open={open} onOpenChange={onOpenChange} search={search} onSearch={setSearch} /> : null;
}
