import { Gauge, type Registry } from 'prom-client';
import { prefix } from './metrics.ts';

/** Gauges of the products whose prediction comes later; absent while `read`, which is asked at each scrape, does not know. */
export function watchWaiting(
  registry: Registry,
  read: () => { products: number; oldestSeconds: number } | undefined,
): void {
  const gauge = (name: string, help: string, of: 'products' | 'oldestSeconds') =>
    new Gauge({
      name: `${prefix}catalogue_${name}`,
      help,
      registers: [registry],
      collect() {
        const waiting = read();
        if (waiting) this.set(waiting[of]);
        // reset() would say 0.
        else this.remove();
      },
    });
  gauge(
    'pending_products',
    'Products of the catalogue that wait for a prediction, as each replica counted them lately. Absent while the database does not answer.',
    'products',
  );
  gauge(
    'pending_oldest_age_seconds',
    'Time since the one that waits longest was created or changed last; 0 where none waits.',
    'oldestSeconds',
  );
}
