import { expect } from 'chai';
import { Registry } from 'prom-client';
import { createEngineMetrics } from './metrics.ts';

describe('metrics of the engine', () => {
  it('tell what was asked, by whom it was held up, and what hangs', async () => {
    const registry = new Registry();
    const metrics = createEngineMetrics(registry, 'x_');
    const about = { verb: 'watch', resource: 'jobs.batch', object: '' };
    metrics.exchange({ ...about, code: 200, seconds: 0.01 });
    metrics.exchange({ ...about, code: 0, seconds: 30 });
    metrics.throttled({ ...about, verb: 'create' }, 0.2);
    metrics.streamed({ ...about, seconds: 301, bytes: 1_000, end: 'server' });
    metrics.streamed({ ...about, seconds: 2, bytes: 24, end: 'error' });
    metrics.queue.waited(0.004, 'soon');
    metrics.queue.waited(4, 'later');
    metrics.queue.worked(0.004, 'failed');
    metrics.queue.retried();
    metrics.reflector.failed('jobs', 'Expired');
    // Two caches of one resource, of two namespaces or two selectors.
    metrics.reflector.grew('jobs', 5);
    metrics.reflector.grew('jobs', 2);
    metrics.reflector.grew('jobs', -1);
    let longestRunningSeconds = 1;
    metrics.queueState(() => ({ ready: 0, delayed: 7, running: 2, longestRunningSeconds }));
    longestRunningSeconds = 90;

    const text = await registry.metrics();
    for (const line of [
      'x_api_requests_total{verb="watch",resource="jobs.batch",code="200"} 1',
      'x_api_requests_total{verb="watch",resource="jobs.batch",code="0"} 1',
      'x_api_throttled_seconds_count{verb="create"} 1',
      'x_api_watch_seconds_bucket{le="300",resource="jobs.batch",end="server"} 0',
      'x_api_watch_seconds_bucket{le="10",resource="jobs.batch",end="error"} 1',
      'x_api_watch_bytes_total{resource="jobs.batch"} 1024',
      'x_queue_wait_seconds_count{lane="soon"} 1',
      'x_queue_wait_seconds_sum{lane="later"} 4',
      'x_reconcile_seconds_count{outcome="failed"} 1',
      'x_reconcile_retries_total 1',
      'x_cache_failures_total{resource="jobs",reason="Expired"} 1',
      'x_cache_objects{resource="jobs"} 6',
      'x_queue_delayed 7',
      'x_reconciles_running 2',
      'x_reconcile_longest_running_seconds 90',
    ])
      expect(text).to.contain(`${line}\n`);
  });
});
