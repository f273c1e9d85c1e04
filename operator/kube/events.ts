import type { KubernetesObject } from './object.ts';

/** Something that a person who runs `kubectl describe` or `kubectl events` should see. */
export interface EventNote {
  /** The object that it is about: apiVersion, kind and metadata with namespace, name and uid. */
  regarding: KubernetesObject;
  type: 'Normal' | 'Warning';
  /** CamelCase, why: GateFailed. */
  reason: string;
  /** CamelCase, what was done or tried: RollOut. */
  action: string;
  /** A sentence, at most 1024 bytes (longer ones are cut). */
  note: string;
}

export interface EventRecorder {
  /** Never throws, never waits. The same note again only raises a count. */
  record(event: EventNote): void;
  /** Waits until what was recorded has been sent or given up. */
  flush(): Promise<void>;
}
