import { useMemo, useRef } from 'react';

const FIELDS = 'input:not([type="hidden"], :disabled), select:not(:disabled), textarea:not(:disabled)';

/** What had the focus; of a menu, which is gone by the time that the dialog closes, what opened the menu. */
function whoOpened(): Element | null {
  const active = document.activeElement;
  const opener = active?.closest('[role="menu"]')?.getAttribute('aria-labelledby') ?? undefined;
  return opener === undefined ? active : document.getElementById(opener);
}

/**
 * Where the focus goes with a dialog. Into its first field, unless the keyboard of a phone would then cover it; and back to what opened it: Radix
 * gives it back to a trigger of its own only, and ours are opened by state. To the page when the work of the dialog took its opener away.
 */
export function useDialogFocus() {
  const before = useRef<Element>(null);
  return useMemo(
    () => ({
      onOpenAutoFocus(event: Event): void {
        before.current = whoOpened();
        const field = event.target instanceof HTMLElement ? event.target.querySelector<HTMLElement>(FIELDS) : null;
        if (field === null || matchMedia('(pointer: coarse)').matches) return;
        event.preventDefault();
        field.focus();
      },
      onCloseAutoFocus(event: Event): void {
        event.preventDefault();
        const opener =
          before.current instanceof HTMLElement && before.current.isConnected ? before.current : document.querySelector('main');
        opener?.focus();
      },
    }),
    [],
  );
}
