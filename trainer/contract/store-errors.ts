import { StepError } from './messages.ts';

/** There is no object of that key. */
export class StoreNotFound extends StepError {
  readonly key: string;

  constructor(url: string, key: string, options?: { cause?: unknown }) {
    super('BadData', `There is no object ${key} in ${url}.`, options);
    this.name = 'StoreNotFound';
    this.key = key;
  }
}

/** A store of this kind can hold no object of such a key. */
export class StoreBadKey extends StepError {
  constructor(url: string, key: string, options?: { cause?: unknown }) {
    const shown = key.length > longestShown ? `${key.slice(0, longestShown)}…` : key;
    super(
      'BadConfiguration',
      `${JSON.stringify(shown)} is no key of an object in ${url}.`,
      options,
    );
    this.name = 'StoreBadKey';
  }
}

const longestShown = 200;

/** A conditional write found the object already there. */
export class StoreConflict extends StepError {
  readonly key: string;

  constructor(url: string, key: string, options?: { cause?: unknown }) {
    super('LostRace', `The object ${key} in ${url} was already written by another.`, options);
    this.name = 'StoreConflict';
    this.key = key;
  }
}

/** The store did not answer, or not in a way that trying again at once would help. */
export class StoreUnreachable extends StepError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('StoreUnreachable', message, options);
    this.name = 'StoreUnreachable';
  }
}

/** The object is larger than its reader is ready to hold. */
export class StoreTooLarge extends StepError {
  constructor(url: string, key: string, limitBytes: number) {
    super('BadData', `The object ${key} in ${url} is larger than ${limitBytes} bytes.`);
    this.name = 'StoreTooLarge';
  }
}
