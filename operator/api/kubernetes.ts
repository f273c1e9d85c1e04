/** The kinds of Kubernetes that a ModelRelease becomes, as they are on the wire. Types only: nothing of this is there at run time. */
import type {
  V1ControllerRevision,
  V1Deployment,
  V1Job,
  V1Pod,
  V1Service,
} from '@kubernetes/client-node';
import type { Stored, Wire } from '../kube/object.ts';

export type JobObject = Wire<V1Job>;
export type DeploymentObject = Wire<V1Deployment>;
export type ServiceObject = Wire<V1Service>;
export type ControllerRevisionObject = Wire<V1ControllerRevision>;

export type Job = Stored<JobObject>;
export type Pod = Stored<Wire<V1Pod>>;
export type Deployment = Stored<DeploymentObject>;
export type Service = Stored<ServiceObject>;
export type ControllerRevision = Stored<ControllerRevisionObject>;

export type PodSpec = NonNullable<Wire<V1Pod>['spec']>;
export type PodStatus = NonNullable<Pod['status']>;
export type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];
export type Container = PodSpec['containers'][number];
export type Volume = NonNullable<PodSpec['volumes']>[number];
export type VolumeMount = NonNullable<Container['volumeMounts']>[number];
export type EnvironmentVariable = NonNullable<Container['env']>[number];
