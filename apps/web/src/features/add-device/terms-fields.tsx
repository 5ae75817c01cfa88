'use client';

import { Field, FieldInput, FieldTextarea } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { LendingFields } from '../lending/lending-fields.tsx';
import { useLendingSentences } from '../lending/use-lending-sentences.ts';
import { readTerms, type Terms } from './terms.ts';

/** Name, labels and what may run there: the name is asked, the rest is there for who looks. */
export function TermsFields({ terms, onChange }: { readonly terms: Terms; readonly onChange: (terms: Terms) => void }) {
  const t = useTranslations('addDevice');
  const details = useTranslations('deviceDetail');
  const sentences = useLendingSentences()(terms.lending);
  const read = readTerms(terms);
  return (
    <>
      <Field label={t('name')} hint={t('nameHint')}>
        <FieldInput
          value={terms.name}
          onChange={(event) => onChange({ ...terms, name: event.target.value })}
          maxLength={63}
          autoComplete="off"
        />
      </Field>
      <details className="rounded-lg border px-3 py-2">
        <summary className="cursor-pointer">
          <span className="font-medium">{t('lendingTitle')}</span>
          <span className="block text-xs text-ink-soft">{sentences.join(' ')}</span>
        </summary>
        <div className="pt-3">
          <LendingFields rule={terms.lending} onChange={(lending) => onChange({ ...terms, lending })} />
        </div>
      </details>
      <details className="rounded-lg border px-3 py-2" open={read.kind === 'wrong' ? true : undefined}>
        <summary className="cursor-pointer font-medium">{details('labelsField')}</summary>
        <Field
          label={details('labelsField')}
          hint={details('labelsText')}
          className="pt-3"
          {...(read.kind === 'wrong' ? { error: details('labelsWrong', { line: read.line }) } : {})}
        >
          <FieldTextarea
            rows={2}
            value={terms.labels}
            onChange={(event) => onChange({ ...terms, labels: event.target.value })}
            spellCheck={false}
            className="font-mono text-sm"
          />
        </Field>
      </details>
    </>
  );
}
