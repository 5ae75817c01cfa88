'use client';

import { Field, FieldTextarea } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import type { ComponentProps } from 'react';
import type { ReadLabels } from './labels-text.ts';

type Props = Pick<ComponentProps<typeof FieldTextarea>, 'rows' | 'spellCheck' | 'className'> & {
  readonly text: string;
  /** `readLabels` of the text. */
  readonly read: ReadLabels;
  readonly onChange: (text: string) => void;
};

/** Labels of a device, one a line; the first line that is none is named. */
export function LabelsField({ text, read, onChange, ...area }: Props) {
  const t = useTranslations('deviceDetail');
  return (
    <Field
      label={t('labelsField')}
      hint={t('labelsText')}
      {...(read.kind === 'wrong' ? { error: t('labelsWrong', { line: read.line }) } : {})}
    >
      <FieldTextarea value={text} onChange={(event) => onChange(event.target.value)} {...area} />
    </Field>
  );
}
