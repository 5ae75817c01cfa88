import { cn } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** Tiles of different size, one of them lit: the fabric. */
export function Brand({ className }: { readonly className?: string }) {
  const t = useTranslations('shell');
  return (
    <span className={cn('inline-flex shrink-0 items-center gap-2 font-semibold', className)}>
      <svg viewBox="0 0 20 20" aria-hidden className="size-5 text-accent" fill="none" stroke="currentColor" strokeWidth="1.6">
        <rect x="1.5" y="1.5" width="8" height="8" rx="1.5" />
        <rect x="1.5" y="13" width="5" height="5" rx="1.5" />
        <rect x="13" y="1.5" width="5" height="5" rx="1.5" />
        <rect x="10" y="10" width="8.5" height="8.5" rx="1.5" fill="currentColor" />
      </svg>
      {t('brand')}
    </span>
  );
}
