import type { Leadership } from '@cloudless/proto';
import { Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { useCauseText } from '#web/states/use-texts.ts';

/** Only when there is something to say: what goes on, what does not, and since when. */
export function LeadershipNote({ leadership }: { readonly leadership: Leadership }) {
  const t = useTranslations('controlPlane');
  const causeText = useCauseText();
  if (leadership.state !== 'unconfirmed') return null;
  return (
    <Callout tone="bad" announce title={t('unconfirmedTitle')}>
      <p>
        {causeText(leadership.cause)} <Age at={leadership.confirmedAt} />
      </p>
      {leadership.cause.message === '' ? null : (
        <p lang="en" className="font-mono text-xs">
          {leadership.cause.message}
        </p>
      )}
      <p>{t('unconfirmedText')}</p>
    </Callout>
  );
}
