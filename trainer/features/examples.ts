import type { Sample } from '@shelfwise/trainer-contract';
import type { Example } from './products.ts';

const wanted = 3;
/** Larger pictures would make golden.json larger than the model deserves. */
const largestPicture = 128 * 1024;

/**
 * Keeps the first few products with a picture, in the snapshot's order (by a hash: as good as at random),
 * and where there is none of these the first few of any kind.
 */
export function chooseExamples() {
  const pictured: Example[] = [];
  const others: Example[] = [];
  return {
    offer({ designation, description, picture }: Sample): void {
      const small = picture !== null && picture.byteLength <= largestPicture;
      const list = small ? pictured : others;
      if (list.length < wanted)
        list.push({ designation, description, picture: small ? picture : null });
    },
    chosen: (): Example[] => [...pictured, ...others].slice(0, wanted),
  };
}
