'use client';

import { useLayoutEffect, useRef, type RefObject } from 'react';

const MOVE_MS = 420;
const NEAR_PX = 2;

type Places = ReadonlyMap<string, DOMRect>;

function readPlaces(root: HTMLElement): Places {
  return new Map(
    [...root.querySelectorAll<HTMLElement>('[data-flip]')].map((each) => [each.dataset['flip'] ?? '', each.getBoundingClientRect()]),
  );
}

function moveFrom(element: HTMLElement, from: DOMRect, to: DOMRect): void {
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (Math.abs(x) < NEAR_PX && Math.abs(y) < NEAR_PX) return;
  element.animate(
    [
      { transform: `translate(${x}px, ${y}px)`, zIndex: 1 },
      { transform: 'none', zIndex: 1 },
    ],
    {
      duration: MOVE_MS,
      easing: 'cubic-bezier(0.3, 0.7, 0.2, 1)',
    },
  );
}

/**
 * What carries `data-flip` glides to its new place when `layout` changes, also into another parent (FLIP: first, last, invert, play).
 * Nothing glides for who wants no motion.
 */
export function useFlip(root: RefObject<HTMLElement | null>, layout: unknown): void {
  const before = useRef<Places>(new Map());
  useLayoutEffect(() => {
    if (root.current === null) return;
    const places = readPlaces(root.current);
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches)
      for (const element of root.current.querySelectorAll<HTMLElement>('[data-flip]')) {
        const key = element.dataset['flip'] ?? '';
        const [from, to] = [before.current.get(key), places.get(key)];
        if (from && to) moveFrom(element, from, to);
        else if (to && before.current.size > 0) element.animate([{ opacity: 0, transform: 'scale(0.8)' }, {}], { duration: MOVE_MS / 2 });
      }
    before.current = places;
  }, [root, layout]);
}
