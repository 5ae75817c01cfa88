'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { NAV } from './nav.ts';

/** Whether keys go into a field. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** After `g`, this long for the letter of a page. */
const SEQUENCE_MS = 1200;

/** ⌘K or Ctrl-K, `/`, `?`, and `g` with the letter of a page. */
export function useShortcuts({ onPalette, onHelp }: { readonly onPalette: () => void; readonly onHelp: () => void }): void {
  const router = useRouter();
  const goneAt = useRef(0);
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey) && !event.altKey) {
        event.preventDefault();
        onPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
      if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('[data-filter]');
        if (filter === null) return;
        event.preventDefault();
        filter.focus();
      } else if (event.key === '?') onHelp();
      else if (event.key === 'g') goneAt.current = event.timeStamp;
      else if (event.timeStamp - goneAt.current < SEQUENCE_MS) {
        goneAt.current = 0;
        const page = NAV.find(({ shortcut }) => shortcut === event.key);
        if (page) router.push(page.href);
      }
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onPalette, onHelp, router]);
}
