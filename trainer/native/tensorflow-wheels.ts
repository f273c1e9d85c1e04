import type { Wheel } from './wheel.ts';

export type Device = 'cpu' | 'gpu';

/** The release of TensorFlow that the addon is built against. */
export const tensorflowVersion = '2.21.0';

const platform = { python: '3.11', abi: 'cp311', tag: 'manylinux_2_27_x86_64' };

/** The wheel that holds TensorFlow's C library and headers, for each device. */
export const tensorflowWheels: Record<Device, Wheel> = {
  cpu: {
    name: 'tensorflow-cpu',
    version: tensorflowVersion,
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    platform,
  },
  gpu: {
    name: 'tensorflow',
    version: tensorflowVersion,
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    platform,
  },
};
