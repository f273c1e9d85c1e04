import { expect } from 'chai';
import { modelReleaseLabel, ownedBy, releaseLabel } from '../api/metadata.ts';
import { ApiError } from '../kube/api-error.ts';
import type { EventNote } from '../kube/events.ts';
import type { KubernetesObject } from '../kube/object.ts';
import type { Objects } from '../kube/objects.ts';
import { execute } from './execute.ts';
import { Cluster } from './fixtures/cluster.ts';
import type { EventDraft, Plan } from './observation.ts';

/** A plan with a write of each sort, two of some, and an event of each; in its order. */
const told: [write: string, reason: EventDraft['reason']][] = [
  ['ControllerRevision/begun', 'RunStarted'],
  ['ControllerRevision/noted', 'RunFailed'],
  ['ControllerRevision/noted-too', 'GatePassed'],
  ['Job/created', 'JobDeleted'],
  ['Service/applied', 'DriftCorrected'],
  ['Deployment/applied', 'RollingOut'],
  ['Job/removed', 'RecordLost'],
];

function planOf(): Plan {
  const object = (write: string) => {
    const [kind, name = ''] = write.split('/');
    const labels = { [modelReleaseLabel]: 'pictograms', [releaseLabel]: name };
    const metadata = { name, namespace: 'shop', uid: name, resourceVersion: '1', labels };
    return { apiVersion: 'v1', kind, metadata } as never;
  };
  const [begun, noted, notedToo, created, service, deployment, removed] = told.map(([write]) =>
    object(write),
  ) as never[];
  return {
    begin: [begun as never],
    note: [noted, notedToo].map((record) => ({ record: record as never, annotations: {} })),
    create: [created as never],
    apply: [service as never, deployment as never],
    remove: [removed as never],
    status: undefined,
    // Not in the order of the writes: that is of no account.
    events: told
      .map(([write, reason]): EventDraft => {
        const tellsOf = write as EventDraft['tellsOf'];
        return { type: 'Normal', reason, action: 'Run', note: `${reason}.`, tellsOf };
      })
      .toReversed(),
    requeueAfterMs: undefined,
  };
}

interface Faults {
  /** The answer to this write. */
  answer?: { to: string; with: ApiError };
  /** What is there already, and ours. */
  there?: string;
  /** What is gone already. */
  gone?: string;
}

/** Which events are told of the plan above. */
async function eventsOf({ answer, there, gone }: Faults) {
  const seen = new Cluster().look();
  const notes: EventNote[] = [];
  const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.name}`;
  const write = async (object: KubernetesObject) => {
    if (answer?.to === nameOf(object)) throw answer.with;
    if (there === nameOf(object)) throw problem(409, 'AlreadyExists');
    return object as never;
  };
  const objects = {
    get: async (resource, { name }) => {
      if (there !== `${resource.kind}/${name}`) return undefined;
      const labels = { 'app.kubernetes.io/managed-by': 'shelfwise' };
      const ownerReferences = [ownedBy(seen.modelRelease)];
      return { kind: resource.kind, metadata: { name, labels, ownerReferences } } as never;
    },
    create: (_resource, object) => write(object),
    apply: (_resource, object) => write(object),
    applyTo: (_resource, _live, object) => write(object),
    patchAnnotations: (_resource, object) => write(object as never),
    updateStatus: (_resource, object) => write(object as never),
    remove: async (_resource, object) => {
      await write(object as never);
      return gone !== nameOf(object as never);
    },
  } satisfies Objects;
  const error = await execute(planOf(), seen, {
    objects,
    recorder: { record: (note) => void notes.push(note), flush: async () => undefined },
    written: () => undefined,
    removed: () => undefined,
  }).catch((thrown) => thrown);
  return { error, notes, reasons: notes.map(({ reason }) => reason) };
}

function problem(status: number, reason: string): ApiError {
  const facts = { verb: 'create', resource: 'x', object: 'shop/x', message: 'no' };
  return new ApiError({ ...facts, status, reason });
}

const all = told.map(([, reason]) => reason);
const allBut = (write: string) => told.filter(([other]) => other !== write).map(([, is]) => is);

describe('execute: which events are told', () => {
  it('each once, in the order of the writes, about the ModelRelease, when nothing fails', async () => {
    const { error, reasons, notes } = await eventsOf({});
    expect(error).to.equal(undefined);
    expect(reasons).to.deep.equal(all);
    expect(notes[0]).to.have.all.keys('type', 'reason', 'action', 'note', 'regarding');
    expect(notes[0]?.regarding).to.include({ kind: 'ModelRelease' });
  });

  for (const [at, [write]] of told.entries()) {
    it(`${write} fails, which ends the plan: those of the ${at} writes before it`, async () => {
      const lost = problem(500, 'InternalError');
      const { error, reasons } = await eventsOf({ answer: { to: write, with: lost } });
      expect(error).to.equal(lost);
      expect(reasons).to.deep.equal(all.slice(0, at));
    });
  }

  for (const write of ['Service/applied', 'Deployment/applied']) {
    it(`${write} is refused, which holds up nothing else: all but its own`, async () => {
      const refused = problem(422, 'Invalid');
      const { error, reasons } = await eventsOf({ answer: { to: write, with: refused } });
      expect(error).to.equal(refused);
      expect(reasons).to.deep.equal(allBut(write));
    });
  }

  it('a Job that is there already was told of when it was created', async () => {
    const { error, reasons } = await eventsOf({ there: 'Job/created' });
    expect(error).to.equal(undefined);
    expect(reasons).to.deep.equal(allBut('Job/created'));
  });

  it('what is gone already was removed by somebody else', async () => {
    const { error, reasons } = await eventsOf({ gone: 'Job/removed' });
    expect(error).to.equal(undefined);
    expect(reasons).to.deep.equal(allBut('Job/removed'));
  });
});
