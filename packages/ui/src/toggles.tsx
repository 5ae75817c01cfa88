'use client';

import { Check } from 'lucide-react';
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import { cn } from './class-names.ts';

export type ToggleProps = {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onCheckedChange: (checked: boolean) => void;
  readonly disabled?: boolean | undefined;
  readonly className?: string;
};

function Labelled({
  id,
  label,
  hint,
  className,
  control,
}: Pick<ToggleProps, 'label' | 'hint' | 'className'> & { readonly id: string; readonly control: ReactNode }) {
  return (
    <div className={cn('flex items-start gap-2', className)}>
      {control}
      <div className="min-w-0">
        <label htmlFor={id} className="text-base">
          {label}
        </label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-xs text-ink-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

const describedBy = (id: string, hint: ReactNode) => (hint === undefined ? {} : { 'aria-describedby': `${id}-hint` });

export function Checkbox({ label, hint, checked, onCheckedChange, disabled, className }: ToggleProps) {
  const id = useId();
  const control = (
    <RadixCheckbox.Root
      id={id}
      checked={checked}
      disabled={disabled === true}
      onCheckedChange={(value) => onCheckedChange(value === true)}
      className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-sm border border-line-strong bg-surface text-on-accent data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      {...describedBy(id, hint)}
    >
      <RadixCheckbox.Indicator>
        <Check aria-hidden className="size-3.5" />
      </RadixCheckbox.Indicator>
    </RadixCheckbox.Root>
  );
  return <Labelled {...{ id, label, hint, control }} {...(className === undefined ? {} : { className })} />;
}

export function Switch({ label, hint, checked, onCheckedChange, disabled, className }: ToggleProps) {
  const id = useId();
  const control = (
    <RadixSwitch.Root
      id={id}
      checked={checked}
      disabled={disabled === true}
      onCheckedChange={onCheckedChange}
      className="relative h-5 w-9 shrink-0 rounded-full border border-line-strong bg-raised transition-colors data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      {...describedBy(id, hint)}
    >
      <RadixSwitch.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-ink-soft transition-transform data-[state=checked]:translate-x-4.5 data-[state=checked]:bg-on-accent" />
    </RadixSwitch.Root>
  );
  return <Labelled {...{ id, label, hint, control }} {...(className === undefined ? {} : { className })} />;
}
