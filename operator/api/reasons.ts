/**
 * Every reason that a condition, a run, an event or the history can have, and what it means to the person who reads it.
 * The list is closed: programs may compare with these words, and the documentation is checked against it.
 */
export const reasons = {
  // What goes on.
  Idle: 'Nothing runs; the message says when the next run starts.',
  Suspended: 'spec.schedule.suspend holds back runs.',
  Snapshotting: 'The snapshot of the labelled products is being taken.',
  Training: 'A model is being trained.',
  Evaluating: 'The trained model is being judged on held-out products.',
  RollingOut:
    'The Deployment goes over to a release that passed its gate, or to a changed spec.serving.',

  // What is waited for. It goes on by itself once the cause is gone.
  Starting: 'A pod is about to start.',
  Queued: 'Kueue has not admitted the training yet; the message has its words.',
  JobSuspended: 'Somebody suspended the Job of a step.',
  Unschedulable: 'No node takes the pod; the message has the words of the scheduler.',
  ImagePull: 'An image cannot be pulled.',
  MissingSecret: 'A Secret that the spec names is not there, or lacks a key.',
  VolumeNotMounted: 'A volume of a pod cannot be mounted.',
  QuotaExceeded: 'A ResourceQuota of the namespace leaves no room.',
  MissingServiceAccount: 'The ServiceAccount of a step is not there.',
  MissingRuntimeClass: 'The RuntimeClass of a step is not there.',
  MissingPriorityClass: 'The PriorityClass of a step is not there.',
  PodRefused: 'The cluster does not let a pod be created.',
  PodNotStarted: 'A pod does not start, for another reason; the message has the words of the node.',

  // What happened, in events.
  RunStarted: 'A run began; its record is the ControllerRevision of that name.',
  SlotsMissed: 'Slots of the schedule passed without a run; the newest of them is run now.',
  ProductsLeftOut:
    'A snapshot left out products that cannot be used; the message names the first of them.',
  DriftCorrected:
    'Somebody changed or deleted what is ours; it is set back, and the message names the fields.',
  JobDeleted: 'The Job of a step was deleted before its result was known.',
  RecordLost: 'The record of a run was deleted; the message says what goes on without it.',
  Serving: 'A release took over all traffic.',
  RolledBack: 'A release did not become ready; the last good one serves on.',
  RunFailed: 'A step of a run failed; the last good release serves on.',

  // How a run ended well, or without a new release.
  Served: 'The release passed its gate and took over.',
  NoNewData: 'Data, trainer and settings are those of an earlier run: there was nothing to learn.',
  GatePassed: 'Every metric reached its minimum.',
  GateFailed: 'A metric is below its minimum; the last good release serves on.',
  GateInconclusive:
    'What the gate needs to know is missing or contradictory; the last good release serves on.',
  Superseded: 'A newer release passed its gate before this one served.',

  // Why a step failed, in its own words.
  BadConfiguration: 'A step found its settings to be wrong: they have to be changed.',
  BadData: 'The products cannot be used; the message names file, row or column.',
  Diverged: 'The loss became NaN: a lower learning rate may help.',
  LostRace: 'Another trainer published this release first.',
  NoGPU: 'The trainer found no GPU on its node.',
  Interrupted: 'A step was told to stop before it was done.',
  StoreUnreachable: 'The bucket or the database cannot be reached, or refuses access.',
  VerificationFailed:
    'The model tar is not what its manifest says, or does not do what it promises.',

  // Why a step failed, as the cluster saw it.
  OutOfMemory: 'A step needed more memory than its limit.',
  DeadlineExceeded: 'A step ran longer than spec.training.activeDeadlineSeconds.',
  Killed: 'A step was killed from outside, within its own memory limit.',
  ScratchFull: 'A step wrote more than spec.training.scratch, or a limit of its storage, allows.',
  Evicted: 'The pod was put out: its node ran short of memory or disk, or was drained.',
  Preempted: 'A pod of higher priority took the place.',
  NodeLost:
    'The node of the pod went away, or does not answer; the message says which, and what to do.',
  NodeRefused: 'The node did not take the pod in, for example because its GPUs are not there yet.',
  ContainerNotStarted: 'The runtime could not start the container from its image.',
  SidecarFailed: 'A container that the cluster added to the pod failed before the step began.',
  InvalidImage: 'The image is no valid reference.',
  StepCrashed: 'A step ended with an exit code that means nothing; the message has its last words.',
  ResultLost: 'A step succeeded, but its result was lost or unreadable, several times.',

  // Why a release did not take over.
  ModelRefused: 'A serving pod verified the model tar and refused it.',
  ProgressDeadlineExceeded: 'The pods were not ready within spec.serving.progressDeadlineSeconds.',
  PodsFailing: 'Serving pods start and end again; the message has their last words.',

  // What is wrong with the object or its surroundings.
  InvalidSchedule: 'spec.schedule cannot be read; the message names the field and the fix.',
  InvalidRunNow: 'The annotation shelfwise.dev/run-now cannot be followed.',
  ClockSkew: 'The clocks of the operator and of the API server differ by minutes.',
  NameTaken: 'An object of a name that is needed belongs to somebody else.',
  Refused: 'The API server refuses an object that follows from this spec.',
  RecordUnreadable: 'The record of a run was changed by hand, or is of a newer version.',

  // Whether a release serves.
  Available: 'The release serves.',
  Unavailable: 'Not all of the serving pods are ready.',
  NoRelease: 'No release has passed its gate yet.',
  AsDesired: 'Nothing is wrong.',
  NotYet: 'No run has come that far.',
  Trained: 'The newest training ended well.',
  Verified: 'The newest model tar was verified and judged.',
} as const satisfies Record<string, string>;

export type Reason = keyof typeof reasons;
