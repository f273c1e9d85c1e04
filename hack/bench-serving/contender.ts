import type { StoredRequest } from '../load/request.ts';

/** A server that is measured: the same question in the form that it takes, and where in its answer the classes are. */
export interface Contender {
  name: string;
  /** Starts it and returns when it has answered its first request. */
  start(): Promise<RunningServer>;
  /** A request for each picture. */
  requests(): Promise<StoredRequest[]>;
}

export interface RunningServer {
  pid: number;
  port: number;
  /** Seconds from the start of the process to its first answer of 200. */
  coldStartSeconds: number;
  stop(): Promise<void>;
}

/** A served model as peers need to know it: the same ONNX file. */
export interface BenchModel {
  store: string;
  release: string;
  digest: string;
  /** For the peers. */
  peers: {
    model: string;
    side: number;
    tokens: number;
    padding: number;
    classes: string[];
  };
}
