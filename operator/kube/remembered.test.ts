import { expect } from 'chai';
import { remembered } from './remembered.ts';

describe('remembered', () => {
  it('makes a value once for all who ask at a time, and anew when its time is over or it was refused', async () => {
    let now = 0;
    let made = 0;
    const value = remembered(
      async () => ({ value: { number: ++made }, goodForMs: 10 }),
      () => now,
    );
    const [first, same] = await Promise.all([value.get(), value.get()]);
    expect(first).to.deep.equal({ number: 1 });
    expect(same).to.equal(first);
    now = 9;
    expect(await value.get()).to.equal(first);
    now = 10;
    const second = await value.get();
    expect(second).to.deep.equal({ number: 2 });
    // Who was refused with the first one says so late: the second is as good as before.
    value.forget(first);
    expect(await value.get()).to.equal(second);
    value.forget(second);
    expect(await value.get()).to.deep.equal({ number: 3 });
  });
});
