/**
 * The arguments of kubectl that give a node a number of nvidia.com/gpu: what a device plugin would do, without a device.
 * Pods that ask for one are scheduled, and get nothing.
 */
export function fakeGpuArguments(node: string, count: number): string[] {
  const resources = { 'nvidia.com/gpu': String(count) };
  const patch = { status: { capacity: resources, allocatable: resources } };
  return [
    'patch',
    'node',
    node,
    '--subresource=status',
    '--type=merge',
    `--patch=${JSON.stringify(patch)}`,
  ];
}
