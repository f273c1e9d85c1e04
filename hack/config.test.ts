import { expect } from 'chai';
import { readConfig } from './config.ts';

describe('the settings of hack/', () => {
  it('are below the home folder', () => {
    const { cacheDir, stateDir, cluster } = readConfig({ HOME: '/home/ada' });
    expect({ cacheDir, stateDir, cluster }).to.deep.equal({
      cacheDir: '/home/ada/.cache/shelfwise',
      stateDir: '/home/ada/.local/state/shelfwise',
      cluster: undefined,
    });
  });

  it('follow the XDG variables', () => {
    const environment = { HOME: '/h', XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s', CLUSTER: 'kind' };
    const { cacheDir, stateDir, cluster } = readConfig(environment);
    expect([cacheDir, stateDir, cluster]).to.deep.equal(['/c/shelfwise', '/s/shelfwise', 'kind']);
  });

  it('refuse an unknown cluster by name', () => {
    expect(() => readConfig({ HOME: '/h', CLUSTER: 'minikube' })).to.throw(
      'CLUSTER is "minikube"; set it to local, kind or current, or leave it unset.',
    );
  });
});
