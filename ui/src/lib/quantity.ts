import { t } from '../texts/index.ts';

/** Parts in one container; 1 when the order does not fill whole containers. */
export function containerSize(quantity: number, containers: number): number {
  const size = quantity / containers;
  return Number.isInteger(size) && size > 0 ? size : 1;
}

/** A whole number above 0, or null for anything else that was typed. */
export function parseQuantity(typed: string): number | null {
  const text = typed.trim();
  if (!/^\d{1,9}$/.test(text)) return null;
  const quantity = Number(text);
  return quantity > 0 ? quantity : null;
}

export function quantityHint(quantity: number, size: number): string {
  if (size === 1) return '';
  const whole = Math.floor(quantity / size);
  return quantity % size === 0 ? t.room.order.whole(whole, size) : t.room.order.notWhole(size, whole);
}
