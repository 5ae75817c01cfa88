'use client';

import { useEffect, useState, type Dispatch, type SetStateAction } from 'react';
import { isTyping } from './use-shortcuts.ts';

/**
 * A text that is typed from the moment something is opened, though the field for it is still being loaded: what no field takes is
 * collected. It begins anew with each opening.
 */
export function useTypedAhead(isOpen: boolean): [text: string, setText: Dispatch<SetStateAction<string>>] {
  const [text, setText] = useState('');
  useEffect(() => {
    if (!isOpen) return;
    function onKey(event: KeyboardEvent): void {
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (/^.$/u.test(event.key)) setText((typed) => typed + event.key);
      else if (event.key === 'Backspace') setText((typed) => typed.slice(0, -1));
      else return;
      event.preventDefault();
    }
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      setText('');
    };
  }, [isOpen]);
  return [text, setText];
}
