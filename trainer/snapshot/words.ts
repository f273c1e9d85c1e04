const format = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** How figures are written on a page. */
export function number(value: number): string {
  return format.format(value);
}

export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const share = (part / whole) * 100;
  return share < 0.1 ? '< 0.1 %' : `${share.toFixed(share < 10 ? 1 : 0)} %`;
}
