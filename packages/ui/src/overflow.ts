/** Rounding of scroll positions, in CSS pixels. */
const SLACK = 2;

export type Extent = { readonly scrollLeft: number; readonly clientWidth: number; readonly scrollWidth: number };

/** On which sides of a row there is more than shows. */
export function findOverflow({ scrollLeft, clientWidth, scrollWidth }: Extent): 'none' | 'start' | 'end' | 'both' {
  const start = scrollLeft > SLACK;
  const end = scrollLeft + clientWidth < scrollWidth - SLACK;
  if (start && end) return 'both';
  return start ? 'start' : end ? 'end' : 'none';
}

/** Keeps `data-overflow` of a row that scrolls true to it, for `fades-at-edges`. @returns what ends it */
export function watchOverflow(row: HTMLElement): () => void {
  const mark = (): void => {
    row.dataset['overflow'] = findOverflow(row);
  };
  const sizes = new ResizeObserver(mark);
  sizes.observe(row);
  for (const part of row.children) sizes.observe(part);
  row.addEventListener('scroll', mark, { passive: true });
  mark();
  return () => {
    sizes.disconnect();
    row.removeEventListener('scroll', mark);
  };
}
