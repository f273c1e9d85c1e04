import { expect } from 'chai';
import { managedByLabel } from '../api/metadata.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubernetesObject } from '../kube/object.ts';
import { createObjects } from '../kube/objects.ts';
import { Cluster } from './fixtures/cluster.ts';
import { lateChildren } from './late-children.ts';

const release = 'pictograms-20261122-020000';

describe('children that the caches should know', () => {
  const asked: string[] = [];
  beforeEach(() => asked.splice(0));

  /** An API server that has these objects. */
  const server = (...objects: KubernetesObject[]) => {
    const request = async <T>({ path }: { path: string }) => {
      asked.push(path);
      const found = objects.find(({ metadata }) => path.endsWith(`/${metadata.name}`));
      if (found) return found as T;
      const resource = { verb: 'get', resource: 'x', object: path };
      throw new ApiError({ ...resource, status: 404, reason: 'NotFound', message: 'not there' });
    };
    return createObjects({ transport: { request }, fieldManager: 'test' });
  };

  /** A run that has begun: its record and its Job. */
  function begun() {
    const cluster = new Cluster();
    cluster.step();
    const seen = cluster.look();
    return {
      modelRelease: seen.modelRelease,
      records: [...seen.records.values()],
      jobs: seen.jobs,
    };
  }

  it('costs nothing while they do', async () => {
    const known = begun();
    expect(await lateChildren(known, server())).to.deep.equal({
      records: [],
      jobs: [],
      lost: [],
      strays: [],
    });
    expect(asked).to.deep.equal([]);
  });

  it('a record that the cache lacks is asked for, and lost only if it is not there', async () => {
    const { records, ...known } = begun();
    const there = await lateChildren({ ...known, records: [] }, server(...records));
    expect(there.records).to.deep.equal(records);
    expect(there.lost).to.deep.equal([]);
    expect(asked).to.deep.equal([`/apis/apps/v1/namespaces/shop/controllerrevisions/${release}`]);
    const gone = await lateChildren({ ...known, records: [] }, server());
    expect(gone.lost).to.deep.equal([release]);
  });

  it("a record of that name which is somebody else's is none", async () => {
    const { records, ...known } = begun();
    const foreign = records.map((record) => ({
      ...record,
      metadata: { ...record.metadata, ownerReferences: [] },
    }));
    const { lost } = await lateChildren({ ...known, records: [] }, server(...foreign));
    expect(lost).to.deep.equal([release]);
  });

  it('a Job at work that the cache lacks is asked for; without its labels it is a stray', async () => {
    const { jobs, ...known } = begun();
    const there = await lateChildren({ ...known, jobs: [] }, server(...jobs));
    expect(there.jobs).to.deep.equal(jobs);
    expect(asked).to.deep.equal([`/apis/batch/v1/namespaces/shop/jobs/${release}-snapshot`]);
    const stripped = jobs.map((job) => {
      const { [managedByLabel]: _, ...labels } = job.metadata.labels ?? {};
      return { ...job, metadata: { ...job.metadata, labels } };
    });
    const stray = await lateChildren({ ...known, jobs: [] }, server(...stripped));
    expect(stray.jobs).to.deep.equal([]);
    expect(stray.strays).to.deep.equal(stripped);
    const gone = await lateChildren({ ...known, jobs: [] }, server());
    expect([...gone.jobs, ...gone.strays]).to.deep.equal([]);
  });

  it('hundreds of lost records are looked for in parts', async () => {
    const { jobs, records, ...known } = begun();
    const job = jobs[0];
    if (!job) throw new Error('No Job.');
    const many = Array.from({ length: 300 }, (_, index) => ({
      ...job,
      metadata: {
        ...job.metadata,
        labels: { ...job.metadata.labels, 'shelfwise.dev/release': `other-${index}` },
      },
    }));
    const { lost } = await lateChildren({ ...known, records, jobs: [job, ...many] }, server());
    expect(lost).to.have.length(20);
  });
});
