import { expect } from 'chai';
import type { Pod } from '../api/kubernetes.ts';
import type { ApiRequest, Transport } from '../kube/transport.ts';
import { Cluster } from './fixtures/cluster.ts';
import { snapshotMessage } from './fixtures/messages.ts';
import { latePods } from './late-pods.ts';

describe('pods that the cache does not know yet', () => {
  const asked: ApiRequest[] = [];
  const transport = (items: Pod[]): Pick<Transport, 'request'> => ({
    request: async <T>(request: ApiRequest) => {
      asked.push(request);
      return { metadata: { resourceVersion: '1' }, items } as T;
    },
  });

  beforeEach(() => asked.splice(0));

  /** A run whose snapshot Job is over, with its pod. */
  function overCluster() {
    const cluster = new Cluster();
    cluster.step();
    cluster.succeed('snapshot', snapshotMessage());
    return cluster.look();
  }

  it('are asked for where the Job of the active step is over and none of its pods is known', async () => {
    const { runs, jobs, pods } = overCluster();
    expect(await latePods({ runs, jobs, pods: [] }, transport([...pods]))).to.deep.equal(pods);
    expect(asked.map(({ path, query }) => [path, query?.labelSelector])).to.deep.equal([
      [
        `/api/v1/namespaces/${jobs[0]?.metadata.namespace}/pods`,
        `batch.kubernetes.io/controller-uid=${jobs[0]?.metadata.uid}`,
      ],
    ]);
  });

  it('are not asked for where the cache knows one', async () => {
    const { runs, jobs, pods } = overCluster();
    expect(await latePods({ runs, jobs, pods }, transport([]))).to.deep.equal([]);
    expect(asked).to.deep.equal([]);
  });

  it('are not asked for while the Job is not over, nor for a step whose result is recorded', async () => {
    const cluster = new Cluster();
    cluster.step();
    const begun = cluster.look();
    await latePods({ ...begun, pods: [] }, transport([]));
    cluster.succeed('snapshot', snapshotMessage());
    cluster.step();
    const training = cluster.look();
    await latePods({ ...training, pods: [] }, transport([]));
    expect(asked).to.deep.equal([]);
  });
});
