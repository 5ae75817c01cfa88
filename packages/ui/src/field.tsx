'use client';

import { createContext, useContext, useId, type ComponentProps, type ReactNode } from 'react';
import { cn } from './class-names.ts';
import { Input, Textarea } from './input.tsx';
import { Select } from './select.tsx';

type FieldWiring = { readonly id: string; readonly 'aria-describedby'?: string; readonly 'aria-invalid'?: true };
const FieldContext = createContext<FieldWiring | undefined>(undefined);

export const Label = ({ className, ...props }: ComponentProps<'label'>) => (
  // oxlint-disable-next-line jsx-a11y/label-has-associated-control
  <label className={cn('text-sm font-medium text-ink', className)} {...props} />
);

export type FieldProps = {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with the value; read aloud when it appears. */
  readonly error?: ReactNode;
  readonly className?: string;
  /** One `FieldInput`, `FieldTextarea` or `FieldSelect`, with what stands beside it. */
  readonly children: ReactNode;
};

/** A labelled control with its hint and its error, wired for assistive technology. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const hasError = error !== undefined && error !== null && error !== '' && error !== false;
  const describedBy = [hint === undefined ? '' : `${id}-hint`, hasError ? `${id}-error` : ''].filter(Boolean).join(' ');
  const wiring: FieldWiring = {
    id,
    ...(describedBy === '' ? {} : { 'aria-describedby': describedBy }),
    ...(hasError ? { 'aria-invalid': true as const } : {}),
  };
  return (
    <FieldContext.Provider value={wiring}>
      <div className={cn('flex min-w-0 flex-col gap-1', className)}>
        <Label htmlFor={id}>{label}</Label>
        {children}
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-xs text-ink-soft">
            {hint}
          </p>
        )}
        <p id={`${id}-error`} role="alert" className="text-xs text-bad empty:hidden">
          {hasError ? error : null}
        </p>
      </div>
    </FieldContext.Provider>
  );
}

/** What ties a control to the field around it. */
export const useFieldWiring = (): FieldWiring | undefined => useContext(FieldContext);

export const FieldInput = (props: ComponentProps<typeof Input>) => <Input {...useFieldWiring()} {...props} />;
export const FieldTextarea = (props: ComponentProps<typeof Textarea>) => <Textarea {...useFieldWiring()} {...props} />;
export const FieldSelect = (props: ComponentProps<typeof Select>) => <Select {...useFieldWiring()} {...props} />;
