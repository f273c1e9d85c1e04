import { expect } from 'chai';
import { readConfig } from '../../config.ts';
import { checkSocketPath, localLayout } from './layout.ts';

describe('the layout of the local cluster', () => {
  it('keeps state and cache apart', () => {
    const layout = localLayout(readConfig({ HOME: '/h' }));
    expect(layout.kubeconfig).to.equal('/h/.local/state/shelfwise/cluster/kubeconfig');
    expect(layout.containerd.root).to.equal('/h/.cache/shelfwise/containerd');
  });

  it('says when a folder is too deep for a socket', () => {
    const deep = localLayout(readConfig({ HOME: `/${'d'.repeat(80)}` }));
    expect(() => checkSocketPath(deep)).to.throw('set XDG_STATE_HOME to a shorter folder');
    expect(() => checkSocketPath(localLayout(readConfig({ HOME: '/h' })))).not.to.throw();
  });
});
