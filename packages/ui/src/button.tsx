import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from './class-names.ts';

export const buttonClasses = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap transition-colors select-none disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-strong',
        secondary: 'border-line bg-surface text-ink hover:bg-raised',
        ghost: 'border-transparent bg-transparent text-ink hover:bg-raised',
        danger: 'border-transparent bg-bad text-on-accent hover:bg-bad-strong',
      },
      size: {
        sm: 'h-7 px-2 text-sm',
        md: 'h-8 px-3 text-base',
        lg: 'h-10 px-4 text-base',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
);

export type ButtonProps = ComponentProps<'button'> &
  VariantProps<typeof buttonClasses> & {
    /** Takes no further click, and shows that it works. */
    readonly loading?: boolean | undefined;
    /** Gives its looks to its one child, as to a link. */
    readonly asChild?: boolean | undefined;
    readonly icon?: ReactNode;
  };

export function Button({ variant, size, loading = false, asChild = false, icon, className, children, disabled, ...props }: ButtonProps) {
  const classes = cn(buttonClasses({ variant, size }), className);
  if (asChild)
    return (
      <Slot.Root className={classes} {...props}>
        {children}
      </Slot.Root>
    );
  return (
    <button type="button" className={classes} disabled={disabled === true || loading} aria-busy={loading || undefined} {...props}>
      {loading ? <LoaderCircle aria-hidden className="animate-spin" /> : icon}
      {children}
    </button>
  );
}
