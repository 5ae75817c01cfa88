import type { ReactNode } from 'react';
import { Button, type ButtonProps } from './button.tsx';
import { cn } from './class-names.ts';
import { Tooltip } from './tooltip.tsx';

const SQUARE = { sm: 'w-7 px-0', md: 'w-8 px-0', lg: 'w-10 px-0' } as const;

export type IconButtonProps = Omit<ButtonProps, 'children' | 'icon' | 'aria-label' | 'asChild'> & {
  /** Says what it does: read aloud, and shown on hover and focus. */
  readonly label: string;
  readonly icon: ReactNode;
};

export function IconButton({ label, size, variant = 'ghost', className, icon, ...props }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <Button aria-label={label} size={size} variant={variant} icon={icon} className={cn(SQUARE[size ?? 'md'], className)} {...props} />
    </Tooltip>
  );
}
